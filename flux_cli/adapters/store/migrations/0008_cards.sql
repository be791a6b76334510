-- Cards on a network: their locks, what is authorised on them, and every message with its answer.

alter table cards add column key text not null default '';
alter table cards add column payee text;
alter table cards add column merchant text;
alter table cards add column category text;
alter table cards add column authorised integer not null default 0
  check (authorised >= 0 and authorised + spent + released <= "limit");
alter table cards add column authorised_asset text not null default 'CREDIT'
  check (authorised_asset = limit_asset);
alter table cards add column refunded integer not null default 0
  check (refunded >= 0 and refunded <= spent);
alter table cards add column refunded_asset text not null default 'CREDIT'
  check (refunded_asset = limit_asset);
alter table cards add column taken_by text;
alter table cards add column wrong_tries integer not null default 0
  check (wrong_tries between 0 and 5);
alter table cards add column revealed_at text;

create index cards_by_key on cards (key);
create index cards_in_state on cards (state, id);
create index cards_of_holder on cards (holder, id);
create index cards_due on cards (state, expires_at);

create table authorizations (
  id text primary key not null check (id glob 'auth_*'),
  network_id     text not null unique,
  card_id        text not null references cards (id),
  merchant       text not null check (length(merchant) between 1 and 64),
  category       text not null check (length(category) between 1 and 64),
  amount         integer not null check (amount >= 0),
  amount_asset   text not null,
  captured       integer not null check (captured >= 0),
  captured_asset text not null check (captured_asset = amount_asset),
  released       integer not null check (released >= 0 and captured + released <= amount),
  released_asset text not null check (released_asset = amount_asset),
  refunded       integer not null check (refunded >= 0 and refunded <= captured),
  refunded_asset text not null check (refunded_asset = amount_asset),
  state          text not null
                 check (state in ('open', 'captured', 'reversed', 'expired', 'checked')),
  forced         integer not null check (forced in (0, 1)),
  late           integer not null check (late in (0, 1)),
  at             text not null,
  expires_at     text not null,
  version integer not null check (version > 0),
  check ((state = 'open') = (captured + released < amount)),
  check (state <> 'captured' or captured > 0),
  check ((state = 'checked') = (amount = 0))
) strict;

create index authorizations_of_card on authorizations (card_id, state, id);
create index authorizations_at on authorizations (merchant, id);
create index authorizations_due on authorizations (state, expires_at);

create table network_messages (
  id text primary key not null check (id glob 'net_*'),
  network_id       text not null unique check (length(network_id) between 1 and 200),
  kind             text not null check (kind in ('authorise', 'charge', 'capture', 'reverse',
                   'refund', 'force_post')),
  content          text not null check (length(content) = 64),
  card_id          text references cards (id),
  authorization_id text references authorizations (id),
  merchant         text not null check (length(merchant) <= 64),
  category         text not null check (length(category) <= 64),
  amount           integer,
  amount_asset     text,
  declined         text,
  at               text not null,
  version integer not null check (version = 1),
  check (declined is not null or authorization_id is not null)
) strict;

create index network_messages_of_card on network_messages (card_id, id) where card_id is not null;

drop trigger cards_recorded;
drop trigger cards_changed;
create trigger cards_recorded before insert on cards
when new.version <> 1
  or new.authorised <> 0 or new.spent <> 0 or new.released <> 0 or new.refunded <> 0
  or exists (select 1 from cards where id = new.id or intent_id = new.intent_id
             or fingerprint = new.fingerprint)
  or exists (select 1 from cards where key = new.key and new.key <> '')
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger cards_changed before update on cards
when new.id <> old.id or new.version <> old.version + 1
  or new.key <> old.key or new.intent_id <> old.intent_id or new.holder <> old.holder
  or new.payee is not old.payee or new.fingerprint <> old.fingerprint
  or new."limit" <> old."limit" or new.limit_asset <> old.limit_asset
  or new.expires_at <> old.expires_at or new.wrong_tries < old.wrong_tries
  or old.revealed_at is not null and new.revealed_at is not old.revealed_at
  or old.state in ('used', 'expired', 'cancelled') and new.state <> old.state
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;

create trigger authorizations_recorded before insert on authorizations
when new.version <> 1 or new.refunded <> 0
  or exists (select 1 from authorizations where id = new.id or network_id = new.network_id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger authorizations_changed before update on authorizations
when new.id <> old.id or new.network_id <> old.network_id or new.card_id <> old.card_id
  or new.merchant <> old.merchant or new.amount <> old.amount
  or new.amount_asset <> old.amount_asset or new.expires_at <> old.expires_at
  or new.captured < old.captured or new.refunded < old.refunded
  or old.state <> 'open' and new.state = 'open'
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger authorizations_stay before delete on authorizations
begin select raise(abort, 'history_is_kept'); end;

create trigger network_messages_recorded before insert on network_messages
when new.version <> 1
  or exists (select 1 from network_messages where id = new.id or network_id = new.network_id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger network_messages_kept before update on network_messages
begin select raise(abort, 'history_is_kept'); end;
create trigger network_messages_stay before delete on network_messages
begin select raise(abort, 'history_is_kept'); end;
