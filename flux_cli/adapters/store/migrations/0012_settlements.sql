-- Settlements and their transactions: what is signed is here before it is sent, and what was paid
-- is never paid again. Every row is a projection of its last event.

create table settlements (
  id text primary key not null check (id glob 'stl_*'),
  intent_id     text not null references intents (id),
  line          integer not null check (line >= 0),
  state         text not null check (state in ('proposed', 'authorized', 'signed', 'broadcast',
                  'reverted_open', 'needs_human', 'refused', 'settled', 'expired', 'cancelled')),
  requester     text not null,
  payee         text not null,
  amount        integer not null check (amount > 0),
  amount_asset  text not null check (amount_asset = 'USDC'),
  terms         text not null check (json_valid(terms)),
  nonce         text not null unique check (length(nonce) = 66),
  spend         text not null check (json_valid(spend)),
  valid_after   integer not null,
  valid_before  integer not null,
  "authorization" text check ("authorization" is null or json_valid("authorization")),
  cancelled     text check (cancelled is null or json_valid(cancelled)),
  from_block    integer not null,
  local         integer not null check (local in (0, 1)),
  attempts      integer not null check (attempts >= 0),
  reason        text not null check (length(reason) <= 600),
  proof         text check (proof is null or json_valid(proof)),
  gas           integer check (gas >= 0),
  gas_asset     text,
  run_id        text,
  created_at    text not null,
  changed_at    text not null,
  version integer not null check (version > 0),
  unique (intent_id, line),
  check (state not in ('signed', 'broadcast', 'reverted_open')
         or "authorization" is not null and attempts > 0),
  check ((state = 'settled') = (proof is not null))
) strict;

create index settlements_of_state on settlements (state, id);

create trigger settlements_recorded before insert on settlements
when new.version <> 1 or new.state <> 'proposed'
  or exists (select 1 from settlements where id = new.id or nonce = new.nonce
             or intent_id = new.intent_id and line = new.line)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger settlements_changed before update on settlements
when new.id <> old.id or new.intent_id <> old.intent_id or new.line <> old.line
  or new.terms <> old.terms or new.nonce <> old.nonce or new.amount <> old.amount
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger settlements_end before update on settlements
when old.state in ('refused', 'settled', 'expired', 'cancelled')
  or old."authorization" is not null
     and (new."authorization" is not old."authorization" or new.state in ('refused', 'authorized'))
begin select raise(abort, 'settlement_has_ended'); end;
create trigger settlements_stay before delete on settlements
begin select raise(abort, 'history_is_kept'); end;

-- A place in an account's order is given once; each further transaction for it has the next bump.
create table attempts (
  id text primary key not null check (id glob 'att_*'),
  settlement_id text not null references settlements (id),
  purpose       text not null check (purpose in ('pay', 'cancel')),
  chain_id      integer not null,
  address       text not null check (length(address) = 42),
  account_nonce integer not null check (account_nonce >= 0),
  bump          integer not null check (bump >= 0),
  tip_wei       integer not null check (tip_wei >= 0),
  max_fee_wei   integer not null check (max_fee_wei >= tip_wei),
  raw           text not null,
  tx_hash       text not null check (length(tx_hash) = 66),
  outcome       text not null check (outcome in ('open', 'mined', 'reverted', 'lost')),
  signed_at     text not null,
  sent_at       text,
  version integer not null check (version > 0),
  unique (chain_id, address, account_nonce, bump)
) strict;

create index attempts_of_settlement on attempts (settlement_id, id);

create trigger attempts_recorded before insert on attempts
when new.version <> 1
  or exists (select 1 from attempts where id = new.id or chain_id = new.chain_id
             and address = new.address and account_nonce = new.account_nonce
             and bump = new.bump)
  or new.bump > 0 and not exists (
    select 1 from attempts where chain_id = new.chain_id and address = new.address
      and account_nonce = new.account_nonce and bump = new.bump - 1)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger attempts_changed before update on attempts
when new.id <> old.id or new.settlement_id <> old.settlement_id or new.raw <> old.raw
  or new.tx_hash <> old.tx_hash or new.account_nonce <> old.account_nonce or new.bump <> old.bump
  or new.version <> old.version + 1
  or not exists (select 1 from events where subject = new.id and version = new.version)
begin select raise(abort, 'no_event'); end;
create trigger attempts_stay before delete on attempts
begin select raise(abort, 'history_is_kept'); end;
