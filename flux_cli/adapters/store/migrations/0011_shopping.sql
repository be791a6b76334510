-- Shopping: shops added from feeds, and carts; every row a projection of its last event.

create table retailers (
  id text primary key not null check (id glob 'retailer:*'),
  name            text not null unique,
  title           text not null check (length(title) <= 120),
  trust           integer not null check (trust between 0 and 100),
  shipping        integer not null check (shipping >= 0),
  shipping_asset  text not null,
  free_from       integer check (free_from > 0),
  free_from_asset text check (free_from_asset = shipping_asset),
  minimum         integer not null check (minimum >= 0),
  minimum_asset   text not null check (minimum_asset = shipping_asset),
  days            integer not null check (days >= 0),
  feed_sha256     text not null check (length(feed_sha256) = 64),
  products        integer not null check (products > 0),
  added_at        text not null,
  version integer not null check (version > 0)
) strict;

create trigger retailers_recorded before insert on retailers
when new.version <> 1 or exists (select 1 from retailers where id = new.id or name = new.name)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger retailers_changed before update on retailers
when new.id <> old.id or new.name <> old.name or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger retailers_stay before delete on retailers
begin select raise(abort, 'history_is_kept'); end;

create table carts (
  id text primary key not null check (id glob 'cart_*'),
  key         text not null unique,
  state       text not null check (state in
    ('open', 'frozen', 'buying', 'bought', 'partly_bought', 'failed')),
  number      integer not null check (number > 0),
  buyer       text not null,
  wish        text not null check (length(wish) <= 2000),
  spec        text not null check (json_valid(spec)),
  choice      text not null check (json_valid(choice)),
  strategy    text not null,
  day         text not null,
  lines       text not null check (json_array_length(lines) > 0),
  legs        text not null check (json_array_length(legs) > 0),
  dropped     text not null check (json_valid(dropped)),
  total       integer not null check (total > 0),
  total_asset text not null,
  proof       text not null check (json_valid(proof)),
  hash        text not null check (length(hash) = 64),
  intent_id   text,
  orders      text not null check (json_valid(orders)),
  locked      integer not null check (locked >= 0),
  locked_asset text not null check (locked_asset = total_asset),
  trace       text not null check (json_valid(trace)),
  created_at  text not null,
  updated_at  text not null,
  run_id      text,
  version integer not null check (version > 0),
  check (locked = 0 or state = 'buying')
) strict;

create index carts_of_buyer on carts (buyer, id);
create index carts_of_state on carts (state, id);

-- A cart that is being bought is no longer changed: what was approved is what is bought.
create trigger carts_recorded before insert on carts
when new.version <> 1 or new.state <> 'open'
  or exists (select 1 from carts where id = new.id or key = new.key)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger carts_changed before update on carts
when new.id <> old.id or new.key <> old.key or new.version <> old.version + 1
  or new.buyer <> old.buyer or new.wish <> old.wish or new.number < old.number
  or new.run_id is not old.run_id
  or old.state in ('buying', 'bought', 'partly_bought', 'failed') and new.hash <> old.hash
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger carts_stay before delete on carts
begin select raise(abort, 'history_is_kept'); end;
