-- What was bought by HTTP 402: the demand and the one header that pays it are here before anything
-- is sent. Every row is a projection of its last event.

create table web_payments (
  id text primary key not null check (id glob 'web_*'),
  key           text not null unique,
  state         text not null check (state in ('asked', 'signed', 'delivered', 'refused')),
  url           text not null check (length(url) between 1 and 400),
  requester     text not null,
  payee         text not null,
  amount        integer not null check (amount > 0),
  amount_asset  text not null check (amount_asset = 'USDC'),
  demand        text not null check (json_valid(demand)),
  settlement_id text unique references settlements (id),
  "authorization" text check ("authorization" is null or json_valid("authorization")),
  header        text not null,
  status        integer not null,
  body_sha256   text not null,
  reason        text not null check (length(reason) <= 600),
  created_at    text not null,
  changed_at    text not null,
  version integer not null check (version > 0),
  check ((state = 'asked') = (header = '')),
  check ((header = '') = ("authorization" is null)),
  check (header = '' or settlement_id is not null)
) strict;

create index web_payments_of_state on web_payments (state, id);

create trigger web_payments_recorded before insert on web_payments
when new.version <> 1 or new.state <> 'asked'
  or exists (select 1 from web_payments where id = new.id or key = new.key)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger web_payments_changed before update on web_payments
when new.id <> old.id or new.key <> old.key or new.url <> old.url or new.demand <> old.demand
  or new.payee <> old.payee or new.amount <> old.amount
  or old.header <> '' and (new.header <> old.header
                           or new."authorization" is not old."authorization"
                           or new.settlement_id is not old.settlement_id)
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger web_payments_stay before delete on web_payments
begin select raise(abort, 'history_is_kept'); end;
