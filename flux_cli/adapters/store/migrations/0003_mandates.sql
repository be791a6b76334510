-- Mandates: what the owner allowed, nested; every row a projection of its last event.

create table mandates (
  id text primary key not null check (id glob 'man_*'),
  key            text not null unique,
  parent_id      text references mandates (id),
  holder         text not null,
  purpose        text not null check (length(purpose) <= 600),
  total          integer not null check (total >= 0),
  total_asset    text not null,
  spent          integer not null check (spent >= 0),
  spent_asset    text not null,
  reserved       integer not null check (reserved >= 0 and spent + reserved <= total),
  reserved_asset text not null,
  per_payment    integer,
  per_payment_asset text,
  limits         text not null check (json_valid(limits)),
  payees         text check (payees is null or json_valid(payees)),
  categories     text check (categories is null or json_valid(categories)),
  state          text not null check (state in ('active', 'closed', 'expired', 'revoked')),
  created_at     text not null,
  expires_at     text not null,
  version integer not null check (version > 0)
) strict;

create index mandates_of_parent on mandates (parent_id, id) where parent_id is not null;
create index mandates_of_holder on mandates (holder, id);

create trigger mandates_recorded before insert on mandates
when new.version <> 1 or exists (select 1 from mandates where id = new.id or key = new.key)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger mandates_changed before update on mandates
when new.id <> old.id or new.key <> old.key or new.total <> old.total
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger mandates_stay before delete on mandates
begin select raise(abort, 'history_is_kept'); end;
