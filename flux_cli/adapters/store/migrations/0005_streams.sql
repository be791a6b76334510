-- Streams: money per second; every row a projection of its last event.

create table streams (
  id text primary key not null check (id glob 'str_*'),
  key            text not null unique,
  state          text not null check (state in ('active', 'paused', 'ended')),
  payer          text not null,
  payee          text not null check (payee <> payer),
  rate           text not null check (json_valid(rate)),
  funded         integer not null check (funded > 0),
  funded_asset   text not null,
  paid           integer not null,
  paid_asset     text not null check (paid_asset = funded_asset),
  returned       integer not null check (returned between 0 and funded - paid),
  returned_asset text not null check (returned_asset = funded_asset),
  ran_before     integer not null,
  running_since  text,
  cap            integer check (cap > 0 and paid <= cap),
  cap_asset      text check (cap_asset = funded_asset),
  ends_at        text,
  memo           text not null check (length(memo) <= 600),
  intent_ids     text not null check (json_valid(intent_ids)),
  created_at     text not null,
  updated_at     text not null,
  version integer not null check (version > 0),
  check ((state = 'active') = (running_since is not null)),
  check (state <> 'ended' and returned = 0 or state = 'ended' and paid + returned = funded)
) strict;

create index streams_of_payer on streams (payer, id);
create index streams_of_payee on streams (payee, id);
create index streams_of_state on streams (state, id);

-- What was agreed stays; what was funded, paid, returned and run only grows; an end is final.
create trigger streams_recorded before insert on streams
when new.version <> 1 or new.state <> 'active' or new.paid <> 0 or new.ran_before <> 0
  or exists (select 1 from streams where id = new.id or key = new.key)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger streams_changed before update on streams
when new.id <> old.id or new.key <> old.key or new.version <> old.version + 1
  or new.payer <> old.payer or new.payee <> old.payee or new.rate <> old.rate
  or new.cap is not old.cap or new.ends_at is not old.ends_at
  or new.funded_asset <> old.funded_asset
  or new.funded < old.funded or new.paid < old.paid or new.returned < old.returned
  or new.ran_before < old.ran_before or old.state = 'ended'
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger streams_stay before delete on streams
begin select raise(abort, 'history_is_kept'); end;
