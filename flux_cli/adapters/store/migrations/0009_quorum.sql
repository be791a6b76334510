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
