-- Policies that are written but not yet in force.

create table policy_drafts (
  id text primary key not null check (id glob 'draft_*'),
  agent      text not null,
  base       integer not null check (base >= 0),
  policy     text not null check (json_valid(policy)),
  state      text not null check (state in ('open', 'promoted')),
  created_at text not null,
  version integer not null check (version > 0)
) strict;

create index policy_drafts_of_agent on policy_drafts (agent, id);

create trigger policy_drafts_recorded before insert on policy_drafts
when new.version <> 1 or exists (select 1 from policy_drafts where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger policy_drafts_changed before update on policy_drafts
when new.id <> old.id or new.policy <> old.policy or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger policy_drafts_stay before delete on policy_drafts
begin select raise(abort, 'history_is_kept'); end;
