-- A market that anyone may sell in: who owns a listing, second hires, hires outside runs, and
-- reviews.

alter table listings add column owner text not null default '';

alter table contracts add column attempt integer not null default 0 check (attempt between 0 and 9);
alter table contracts add column escrow_id text;

create unique index contracts_of_attempt on contracts (run_id, task_id, attempt)
  where run_id <> '';
create index contracts_in_state on contracts (run_id, state, id);
create unique index contracts_of_escrow on contracts (escrow_id) where escrow_id is not null;
create index contracts_over on contracts (updated_at, id)
  where state in ('settled', 'rejected', 'expired');

create table reviews (
  id text primary key not null check (id glob 'rev_*'),
  contract_id text not null unique,
  author      text not null,
  provider    text not null,
  stars       integer not null check (stars between 1 and 5),
  text        text not null check (length(text) <= 600),
  written_at  text not null,
  version integer not null check (version = 1)
) strict;

create index reviews_of_provider on reviews (provider, id);

create trigger reviews_recorded before insert on reviews
when new.version <> 1
  or exists (select 1 from reviews where id = new.id or contract_id = new.contract_id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger reviews_kept before update on reviews
begin select raise(abort, 'history_is_kept'); end;
create trigger reviews_stay before delete on reviews
begin select raise(abort, 'history_is_kept'); end;
