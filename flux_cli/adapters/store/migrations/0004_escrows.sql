-- Escrows: money locked between two agents; every row a projection of its last event.

create table escrows (
  id text primary key not null check (id glob 'esc_*'),
  key              text not null unique,
  state            text not null check (state in ('funded', 'submitted', 'disputed', 'completed',
                   'rejected', 'expired')),
  payer            text not null,
  payee            text not null check (payee <> payer),
  evaluator        text not null check (evaluator <> payee),
  amount           integer not null check (amount > 0),
  amount_asset     text not null,
  released         integer not null check (released >= 0),
  released_asset   text not null check (released_asset = amount_asset),
  refunded         integer not null check (refunded >= 0),
  refunded_asset   text not null check (refunded_asset = amount_asset),
  memo             text not null check (length(memo) <= 600),
  milestones       text not null check (json_valid(milestones)),
  deliverable_hash text check (length(deliverable_hash) = 64),
  dispute          text check (dispute is null or json_valid(dispute)),
  intent_id        text not null unique,
  expires_at       text not null,
  created_at       text not null,
  updated_at       text not null,
  version integer not null check (version > 0),
  check (released + refunded <= amount),
  check ((state in ('completed', 'rejected', 'expired')) = (released + refunded = amount))
) strict;

create index escrows_in_state on escrows (state, id);
create index escrows_of_payer on escrows (payer, id);
create index escrows_of_payee on escrows (payee, id);

create trigger escrows_recorded before insert on escrows
when new.version <> 1 or new.state <> 'funded' or new.released <> 0 or new.refunded <> 0
  or exists (select 1 from escrows
             where id = new.id or key = new.key or intent_id = new.intent_id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger escrows_changed before update on escrows
when new.id <> old.id or new.key <> old.key or new.payer <> old.payer or new.payee <> old.payee
  or new.evaluator <> old.evaluator or new.amount <> old.amount
  or new.amount_asset <> old.amount_asset or new.intent_id <> old.intent_id
  or new.expires_at <> old.expires_at
  or new.released < old.released or new.refunded < old.refunded
  or old.state in ('completed', 'rejected', 'expired')
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger escrows_stay before delete on escrows
begin select raise(abort, 'history_is_kept'); end;
