-- What a model's ballot came from, and until when a request's models may answer.
alter table ballots add column host text not null default '' check (length(host) <= 255);
alter table ballots add column prompt_digest text not null default '';
alter table intents add column asked_until text;

-- What the seats were shown of a request, once for all five.
create table hearings (
  id text primary key not null check (id glob 'hear_*'),
  intent_id      text not null,
  request_digest text not null unique,
  dossier_digest text not null,
  dossier        text not null check (json_valid(dossier)),
  opened_at      text not null,
  version integer not null check (version = 1)
) strict;

create trigger hearings_recorded before insert on hearings
when new.version <> 1
  or exists (select 1 from hearings where id = new.id or request_digest = new.request_digest)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger hearings_kept before update on hearings
begin select raise(abort, 'history_is_kept'); end;
create trigger hearings_stay before delete on hearings
begin select raise(abort, 'history_is_kept'); end;

-- What came of a claimed return, by the owner's word; a later word replaces an earlier.
create table settled_claims (
  id text primary key not null check (id glob 'clm_*'),
  intent_id      text not null unique references intents (id),
  requester      text not null,
  claimed        integer not null check (claimed > 0),
  claimed_asset  text not null,
  returned       integer not null check (returned >= 0),
  returned_asset text not null check (returned_asset = claimed_asset),
  note           text not null check (length(note) <= 300),
  settled_at     text not null,
  version integer not null check (version > 0)
) strict;

create index settled_claims_of on settled_claims (requester, id);

create trigger settled_claims_recorded before insert on settled_claims
when new.version <> 1
  or exists (select 1 from settled_claims where id = new.id or intent_id = new.intent_id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger settled_claims_changed before update on settled_claims
when new.id <> old.id or new.intent_id <> old.intent_id or new.requester <> old.requester
  or new.claimed <> old.claimed or new.claimed_asset <> old.claimed_asset
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger settled_claims_stay before delete on settled_claims
begin select raise(abort, 'history_is_kept'); end;
