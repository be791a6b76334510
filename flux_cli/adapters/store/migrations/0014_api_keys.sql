-- API keys, whose agents are, and what requests with an idempotency key were answered; every row
-- a projection of its last event.

create table api_keys (
  id text primary key not null check (id glob 'key_*'),
  owner        text not null check (length(owner) between 1 and 16),
  agent        text,
  label        text not null check (length(label) <= 64),
  environment  text not null check (environment in ('test', 'live')),
  scopes       text not null check (json_valid(scopes)),
  secret_hash  text not null unique check (length(secret_hash) = 64),
  created_at   text not null,
  expires_at   text,
  revoked_at   text,
  last_used_at text,
  replaces     text references api_keys (id),
  version integer not null check (version > 0)
) strict;

create trigger api_keys_recorded before insert on api_keys
when new.version <> 1 or exists (select 1 from api_keys where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger api_keys_changed before update on api_keys
when new.id <> old.id or new.owner <> old.owner or new.agent is not old.agent
  or new.environment <> old.environment or new.scopes <> old.scopes
  or new.secret_hash <> old.secret_hash
  or (old.revoked_at is not null and new.revoked_at is not old.revoked_at)
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger api_keys_stay before delete on api_keys
begin select raise(abort, 'history_is_kept'); end;

create table agent_owners (
  id text primary key not null check (id = 'owner:' || agent),
  agent text not null unique,
  owner text not null check (length(owner) between 1 and 16),
  claim text not null,
  at    text not null,
  version integer not null check (version > 0)
) strict;

create index agent_owners_of on agent_owners (owner, id);

create trigger agent_owners_recorded before insert on agent_owners
when new.version <> 1 or exists (select 1 from agent_owners where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger agent_owners_changed before update on agent_owners
begin select raise(abort, 'history_is_kept'); end;
create trigger agent_owners_stay before delete on agent_owners
begin select raise(abort, 'history_is_kept'); end;

create table api_replies (
  id text primary key not null check (id glob 'reply:*'),
  request_digest text not null check (length(request_digest) = 64),
  status         integer not null check (status between 200 and 499),
  body           text not null check (json_valid(body)),
  at             text not null,
  version integer not null check (version > 0)
) strict;

create trigger api_replies_recorded before insert on api_replies
when new.version <> 1
  or exists (select 1 from api_replies where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger api_replies_changed before update on api_replies
begin select raise(abort, 'history_is_kept'); end;
create trigger api_replies_stay before delete on api_replies
begin select raise(abort, 'history_is_kept'); end;
