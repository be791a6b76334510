-- The objects of the economy. Every row is a projection of an event that holds it whole: an
-- insert or update is refused unless the event of that version of that object is recorded, so
-- the chain of events vouches for every row.

create table events (
  seq      integer primary key,
  at       text not null check (length(at) = 27),
  kind     text not null,
  subject  text not null,
  version  integer not null check (version > 0),
  run_id   text,
  data     text not null check (json_valid(data)),
  hash     blob not null check (length(hash) = 32),
  unique (subject, version)
) strict;

create index events_of_run on events (run_id, seq) where run_id is not null;

create trigger events_in_order before insert on events
when new.seq is not (select coalesce(max(seq), 0) + 1 from events)
  or new.at < (select at from events where seq = new.seq - 1)
  or new.version is not (select coalesce(max(version), 0) + 1 from events
                         where subject = new.subject)
begin select raise(abort, 'event_out_of_order'); end;
create trigger events_kept before update on events
begin select raise(abort, 'history_is_kept'); end;
create trigger events_stay before delete on events
begin select raise(abort, 'history_is_kept'); end;

create table ledger (
  id text primary key not null check (id = 'ledger'),
  ledger_id  text not null,
  created_at text not null,
  version integer not null check (version = 1)
) strict;

create table agents (
  id text primary key not null check (id glob 'agt_*'),
  name         text not null unique,
  display_name text not null,
  kind         text not null check (kind in ('orchestrator', 'specialist', 'buyer', 'merchant')),
  trades       text not null check (json_valid(trades)),
  status       text not null check (status in ('active', 'paused')),
  created_at   text not null,
  version integer not null check (version > 0)
) strict;

create table policies (
  id text primary key not null check (id glob 'pol_*'),
  agent              text not null,
  number             integer not null check (number > 0),
  per_payment        integer,
  per_payment_asset  text,
  limits             text not null check (json_valid(limits)),
  payees             text check (payees is null or json_valid(payees)),
  denied_payees      text not null check (json_valid(denied_payees)),
  assets             text check (assets is null or json_valid(assets)),
  rails              text check (rails is null or json_valid(rails)),
  hours              text not null check (json_valid(hours)),
  minimum_balance    integer,
  minimum_balance_asset text,
  approval_threshold integer not null,
  approval_threshold_asset text not null,
  owner_threshold    integer,
  owner_threshold_asset text,
  require_justification integer not null check (require_justification in (0, 1)),
  least_return_percent integer,
  duplicate_window   text,
  paused             integer not null check (paused in (0, 1)),
  note               text not null check (length(note) <= 240),
  set_at             text not null,
  version integer not null check (version = 1),
  unique (agent, number)
) strict;

create table freezes (
  id text primary key not null,
  frozen     integer not null check (frozen in (0, 1)),
  reason     text not null,
  changed_at text not null,
  version integer not null check (version > 0)
) strict;

create table notes (
  id text primary key not null,
  subject text not null,
  text    text not null check (json_valid(text)),
  version integer not null check (version = 1),
  check (id = 'note:' || subject)
) strict;

create table listings (
  id text primary key not null check (id glob 'lst_*'),
  provider         text not null,
  trade            text not null,
  title            text not null,
  description      text not null,
  media_types      text not null check (json_valid(media_types)),
  price_min        integer not null check (price_min > 0),
  price_min_asset  text not null,
  price_max        integer not null check (price_max >= price_min),
  price_max_asset  text not null,
  turnaround_hours integer not null check (turnaround_hours > 0),
  active           integer not null check (active in (0, 1)),
  created_at       text not null,
  version integer not null check (version > 0)
) strict;

create index listings_of_trade on listings (trade, id);

create table runs (
  id text primary key not null check (id glob 'run_*'),
  key            text not null unique,
  request_digest text not null,
  scenario       text not null,
  goal           text not null,
  brief          text not null,
  sources        text not null check (json_valid(sources)),
  requester      text not null,
  purpose        text not null,
  justification  text not null,
  claimed_return integer,
  claimed_return_asset text,
  urgency        text not null check (urgency in ('low', 'medium', 'high')),
  budget         integer,
  budget_asset   text,
  seed           integer not null,
  strategy       text not null,
  out            text not null,
  state          text not null check (state in ('planning', 'requesting', 'working', 'completed',
                 'denied', 'failed')),
  plan           text check (plan is null or json_valid(plan)),
  intent_id      text,
  card_id        text,
  deliverables   text not null check (json_valid(deliverables)),
  error          text not null,
  created_at     text not null,
  finished_at    text,
  rail           text not null default 'simulated' check (rail in ('simulated', 'arc')),
  version integer not null check (version > 0)
) strict;

create index runs_of_state on runs (state, id);

create table intents (
  id text primary key not null check (id glob 'pi_*'),
  key            text not null unique,
  state          text not null check (state in ('draft', 'awaiting_quorum', 'awaiting_owner',
                 'approved', 'denied', 'captured', 'cancelled', 'expired', 'unknown')),
  requester      text not null,
  amount         integer not null check (amount > 0),
  amount_asset   text not null,
  shares         text not null check (json_valid(shares)),
  purpose        text not null check (length(purpose) <= 600),
  justification  text not null check (length(justification) <= 600),
  claimed_return integer,
  claimed_return_asset text,
  urgency        text not null check (urgency in ('low', 'medium', 'high')),
  category       text not null check (length(category) between 1 and 64),
  rail           text not null check (length(rail) between 1 and 32),
  mandate_id     text,
  plan_digest    text not null,
  reference      text not null,
  escrowed       integer not null check (escrowed in (0, 1)),
  capture_method text not null check (capture_method in ('automatic', 'manual', 'escrow', 'card')),
  hold_hours     integer not null check (hold_hours between 1 and 8760),
  always_vote    integer not null check (always_vote in (0, 1)),
  request_digest text not null,
  budget_left    integer,
  budget_left_asset text,
  run_id         text,
  decision_id    text references decisions (id),
  card_id        text,
  yes            integer not null,
  no             integer not null,
  abstain        integer not null,
  needed         integer not null,
  refusals       text not null check (json_valid(refusals)),
  most_that_would_pass integer,
  most_that_would_pass_asset text,
  captured       integer not null check (captured between 0 and amount),
  captured_asset text not null,
  released       integer not null check (released between 0 and amount - captured),
  released_asset text not null,
  refunded       integer not null check (refunded between 0 and captured),
  refunded_asset text not null,
  late           integer not null check (late in (0, 1)),
  created_at     text not null,
  expires_at     text not null,
  decided_at     text,
  version integer not null check (version > 0)
) strict;

create index intents_of_requester on intents (requester, id);
create index intents_draft on intents (id) where state = 'draft';
create index intents_approved on intents (id) where state = 'approved';
create index intents_awaiting_quorum on intents (id) where state = 'awaiting_quorum';
create index intents_awaiting_owner on intents (id) where state = 'awaiting_owner';
create index intents_denied on intents (id) where state = 'denied';
create index intents_cancelled on intents (id) where state = 'cancelled';
create index intents_expired on intents (id) where state = 'expired';
create index intents_unknown on intents (id) where state = 'unknown';
create index intents_spent on intents (requester, decided_at, amount_asset, category, amount,
                                       released, decision_id)
  where decision_id is not null;
create index intents_of_mandate on intents (mandate_id, decided_at) where mandate_id is not null;
create index intents_of_run on intents (run_id, id) where run_id is not null;

create table cards (
  id text primary key not null check (id glob 'card_*'),
  intent_id   text not null unique,
  run_id      text,
  holder      text not null,
  purpose     text not null,
  prefix      text not null,
  last_four   text not null check (length(last_four) = 4),
  fingerprint text not null unique,
  usage       text not null check (usage in ('single_use', 'until_spent')),
  "limit"     integer not null check ("limit" > 0),
  limit_asset text not null,
  spent       integer not null check (spent >= 0),
  spent_asset text not null,
  released    integer not null check (released >= 0 and spent + released <= "limit"),
  released_asset text not null,
  state       text not null check (state in ('active', 'paused', 'used', 'expired', 'cancelled')),
  issued_at   text not null,
  expires_at  text not null,
  version integer not null check (version > 0)
) strict;

create index cards_of_run on cards (run_id, id) where run_id is not null;

create table contracts (
  id text primary key not null check (id glob 'ct_*'),
  run_id      text not null,
  task_id     text not null,
  client      text not null,
  provider    text not null,
  listing_id  text not null,
  trade       text not null,
  units       integer not null check (units >= 0),
  price       integer not null check (price > 0),
  price_asset text not null,
  state       text not null check (state in ('draft', 'quoting', 'quoted', 'pending_approval',
              'approved', 'funded', 'working', 'submitted', 'revision', 'settled', 'refused',
              'rejected', 'expired', 'cancelled')),
  terms_hash  text not null,
  ranking     text not null check (json_valid(ranking)),
  card_id     text,
  revisions   integer not null check (revisions between 0 and 2),
  artefacts   text not null check (json_valid(artefacts)),
  checks      text not null check (json_valid(checks)),
  summary     text not null,
  backend     text not null,
  deadline    text not null,
  created_at  text not null,
  updated_at  text not null,
  version integer not null check (version > 0)
) strict;

create index contracts_of_run on contracts (run_id, id);
create index contracts_of_provider on contracts (provider, state);

create table ballots (
  id text primary key not null check (id glob 'bal_*'),
  intent_id      text not null,
  request_digest text not null,
  seat           text not null,
  vote           text not null check (vote in ('YES', 'NO', 'ABSTAIN')),
  hard           integer not null check (hard in (0, 1)),
  score          integer not null check (score between 0 and 100),
  confidence     integer not null check (confidence between 0 and 100),
  risk           integer not null check (risk between 1 and 10),
  reasons        text not null check (json_valid(reasons)),
  conditions     text not null check (json_valid(conditions)),
  backend        text not null check (backend in ('rule', 'llm', 'rule_fallback')),
  model          text not null,
  error          text check (error in ('timeout', 'transport', 'refusal', 'schema', 'cost_cap')),
  cost           integer not null check (cost >= 0),
  cost_asset     text not null,
  tokens         integer not null check (tokens >= 0),
  latency_ms     integer not null check (latency_ms >= 0),
  dossier_digest text not null,
  cast_at        text not null,
  version integer not null check (version = 1),
  attempt integer not null default 1 check (attempt in (1, 2)),
  unique (request_digest, seat, attempt)
) strict;

create index ballots_of_intent on ballots (intent_id, seat);

-- No row without its event; no history changed; no row replaced by another's OR REPLACE.
create trigger decisions_recorded before insert on decisions
when new.version <> 1 or exists (select 1 from decisions where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger decisions_kept before update on decisions
begin select raise(abort, 'history_is_kept'); end;
create trigger decisions_stay before delete on decisions
begin select raise(abort, 'history_is_kept'); end;

create trigger ledger_recorded before insert on ledger
when new.version <> 1 or exists (select 1 from ledger where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger ledger_kept before update on ledger
begin select raise(abort, 'history_is_kept'); end;
create trigger ledger_stay before delete on ledger
begin select raise(abort, 'history_is_kept'); end;

create trigger agents_recorded before insert on agents
when new.version <> 1
  or exists (select 1 from agents where id = new.id or name = new.name)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger agents_changed before update on agents
when new.id <> old.id or new.version <> old.version + 1
  or exists (select 1 from agents where id <> new.id and (name = new.name))
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger agents_stay before delete on agents
begin select raise(abort, 'history_is_kept'); end;

create trigger policies_recorded before insert on policies
when new.version <> 1
  or exists (select 1 from policies where id = new.id or (agent = new.agent and number = new.number))
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger policies_kept before update on policies
begin select raise(abort, 'history_is_kept'); end;
create trigger policies_stay before delete on policies
begin select raise(abort, 'history_is_kept'); end;

create trigger notes_recorded before insert on notes
when new.version <> 1 or exists (select 1 from notes where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger notes_kept before update on notes
begin select raise(abort, 'history_is_kept'); end;
create trigger notes_stay before delete on notes
begin select raise(abort, 'history_is_kept'); end;

create trigger freezes_recorded before insert on freezes
when new.version <> 1 or exists (select 1 from freezes where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger freezes_changed before update on freezes
when new.id <> old.id or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger freezes_stay before delete on freezes
begin select raise(abort, 'history_is_kept'); end;

create trigger listings_recorded before insert on listings
when new.version <> 1 or exists (select 1 from listings where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger listings_changed before update on listings
when new.id <> old.id or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger listings_stay before delete on listings
begin select raise(abort, 'history_is_kept'); end;

create trigger runs_recorded before insert on runs
when new.version <> 1
  or exists (select 1 from runs where id = new.id or key = new.key)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger runs_changed before update on runs
when new.id <> old.id or new.version <> old.version + 1
  or exists (select 1 from runs where id <> new.id and (key = new.key))
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger runs_stay before delete on runs
begin select raise(abort, 'history_is_kept'); end;

create trigger intents_recorded before insert on intents
when new.version <> 1
  or exists (select 1 from intents where id = new.id or key = new.key)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger intents_changed before update on intents
when new.id <> old.id or new.version <> old.version + 1
  or exists (select 1 from intents where id <> new.id and (key = new.key))
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger intents_stay before delete on intents
begin select raise(abort, 'history_is_kept'); end;

create trigger cards_recorded before insert on cards
when new.version <> 1
  or exists (select 1 from cards where id = new.id or intent_id = new.intent_id or fingerprint = new.fingerprint)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger cards_changed before update on cards
when new.id <> old.id or new.version <> old.version + 1
  or exists (select 1 from cards where id <> new.id and (intent_id = new.intent_id or fingerprint = new.fingerprint))
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger cards_stay before delete on cards
begin select raise(abort, 'history_is_kept'); end;

create trigger contracts_recorded before insert on contracts
when new.version <> 1 or exists (select 1 from contracts where id = new.id)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger contracts_changed before update on contracts
when new.id <> old.id or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger contracts_stay before delete on contracts
begin select raise(abort, 'history_is_kept'); end;

create trigger ballots_recorded before insert on ballots
when new.version <> 1
  or exists (select 1 from ballots where id = new.id
    or (request_digest = new.request_digest and seat = new.seat and attempt = new.attempt))
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger ballots_kept before update on ballots
begin select raise(abort, 'history_is_kept'); end;
create trigger ballots_stay before delete on ballots
begin select raise(abort, 'history_is_kept'); end;
