-- Who is told of events, and what of it is still on its way. An endpoint is an object like any
-- other, a projection of its last event. How far its telling has come is not: it is rebuilt from
-- the events when it is lost, it is bounded, and no money follows from it; so those two tables
-- are changed and cut short, and no event is written for them.

create table webhooks (
  id text primary key not null check (id glob 'whk_*'),
  url           text not null check (length(url) between 8 and 500),
  events        text not null check (json_valid(events)),
  allow_private integer not null check (allow_private in (0, 1)),
  state         text not null check (state in ('active', 'disabled', 'removed')),
  generation    integer not null check (generation > 0),
  overlap_until text,
  reason        text not null check (length(reason) <= 600),
  created_at    text not null,
  changed_at    text not null,
  version integer not null check (version > 0)
) strict;

create index webhooks_of_state on webhooks (state, id);

create trigger webhooks_recorded before insert on webhooks
when new.version <> 1 or exists (select 1 from webhooks where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger webhooks_changed before update on webhooks
when new.id <> old.id or new.url <> old.url or new.allow_private <> old.allow_private
  or old.state = 'removed' or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger webhooks_stay before delete on webhooks
begin select raise(abort, 'history_is_kept'); end;

create table webhook_cursors (
  webhook_id    text primary key not null references webhooks (id),
  seq           integer not null check (seq >= 0),
  failing_since text
) strict;

create table webhook_deliveries (
  id         text primary key not null check (id glob 'msg_*'),
  webhook_id text not null references webhooks (id),
  event_seq  integer not null references events (seq),
  kind       text not null,
  subject    text not null,
  state      text not null check (state in ('pending', 'delivered', 'dead')),
  attempts   integer not null check (attempts >= 0),
  due_at     text not null check (length(due_at) = 27),
  log        text not null check (json_valid(log) and length(log) <= 8000),
  unique (webhook_id, event_seq)
) strict;

create index webhook_deliveries_of_state on webhook_deliveries (webhook_id, state, event_seq);
create index webhook_deliveries_of_subject on webhook_deliveries (webhook_id, subject, event_seq)
  where state = 'pending';
