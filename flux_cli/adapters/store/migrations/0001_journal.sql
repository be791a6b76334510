-- The journal: accounts, entries, postings. One insert into entries is a whole movement of
-- money; the triggers check it, open the accounts it names and write its postings. The rules
-- hold for raw SQL too, with foreign keys switched off, and against INSERT OR REPLACE.

create table accounts (
  number  integer primary key,
  name    text not null check (length(name) between 1 and 128),
  asset   text not null check (asset glob '[A-Z]*' and length(asset) between 3 and 10),
  balance integer not null default 0
          check (balance between -4000000000000000000 and 4000000000000000000),
  version integer not null default 0,
  kind    text not null generated always as (substr(name, 1, instr(name || ':', ':') - 1)) stored
          check (kind in ('world', 'wallet', 'held', 'card', 'escrow', 'fees', 'brain')),
  unique (name, asset),
  constraint no_overdraft check (kind = 'world' or balance >= 0),
  constraint within_bounds check (kind = 'world' or balance <= 1000000000000000)
) strict;

create table decisions (
  id             text primary key check (id glob 'dec_*'),
  intent_id      text not null,
  request_digest text not null check (length(request_digest) = 64),
  requester      text not null,
  verdict        text not null check (verdict in ('permit', 'denied')),
  amount         integer not null,
  amount_asset   text not null,
  policy_version integer not null,
  refusals       text not null check (json_valid(refusals)),
  tally          text check (tally is null or json_valid(tally)),
  made_at        text not null,
  expires_at     text not null,
  version        integer not null check (version = 1)
) strict;

create index decisions_of_intent on decisions (intent_id);

create table entries (
  seq         integer primary key,
  id          text not null unique check (id glob 'ent_*'),
  key         text not null unique check (length(key) between 1 and 255),
  kind        text not null check (kind in (
                'top_up', 'withdrawal', 'payment', 'hold', 'capture', 'release', 'escrow_fund',
                'escrow_release', 'escrow_refund', 'stream_accrual', 'card_load', 'card_capture',
                'card_refund', 'fee', 'exchange', 'brain_cost', 'gas', 'settlement', 'adjustment')),
  postings    text not null check (json_valid(postings) and json_type(postings) = 'array'),
  memo        text not null check (length(memo) <= 600),
  decision_id text unique references decisions (id),
  reference   text,
  run_id      text,
  recorded_at text not null check (length(recorded_at) = 27),
  hash        blob not null check (length(hash) = 32)
) strict;

create index entries_of_run on entries (run_id, seq) where run_id is not null;
create index entries_of_reference on entries (reference, seq) where reference is not null;

create table postings (
  entry         integer not null references entries (seq),
  line          integer not null,
  account       integer not null references accounts (number),
  amount        integer not null
                check (amount <> 0 and amount between -1000000000000000 and 1000000000000000),
  version       integer not null,
  balance_after integer not null,
  primary key (entry, line),
  unique (account, version)
) strict, without rowid;

-- Before an entry: it is the next one, new, well-formed, balanced, and has leave to spend.
create trigger entries_in_order before insert on entries
when new.seq is not (select coalesce(max(seq), 0) + 1 from entries)
  or exists (select 1 from entries where id = new.id or key = new.key
             or (new.decision_id is not null and decision_id = new.decision_id))
  or new.recorded_at < (select recorded_at from entries where seq = new.seq - 1)
begin select raise(abort, 'entry_out_of_order'); end;

create trigger entries_well_formed before insert on entries
when json_array_length(new.postings) < 2
  or exists (select 1 from json_each(new.postings)
             where json_type(value) is not 'array' or json_array_length(value) is not 3
                or json_type(value, '$[0]') is not 'text'
                or json_type(value, '$[1]') is not 'text'
                or json_type(value, '$[2]') is not 'integer'
                or value ->> 2 = 0 or abs(value ->> 2) > 1000000000000000
                or length(value ->> 0) > 128
                or length(value ->> 1) not between 3 and 10 or value ->> 1 glob '*[^A-Z]*'
                or not (value ->> 0 = 'world' or value ->> 0 glob 'wallet:?*'
                        or value ->> 0 glob 'held:?*' or value ->> 0 glob 'card:?*'
                        or value ->> 0 glob 'escrow:?*' or value ->> 0 glob 'fees:?*'
                        or value ->> 0 glob 'brain:?*'))
  or (select count(*) <> count(distinct (value ->> 0) || ' ' || (value ->> 1))
      from json_each(new.postings))
begin select raise(abort, 'malformed_entry'); end;

create trigger entries_balance before insert on entries
when exists (select 1 from json_each(new.postings)
             group by value ->> 1 having sum(value ->> 2) <> 0)
  or (new.kind <> 'exchange'
      and (select count(distinct value ->> 1) from json_each(new.postings)) > 1)
begin select raise(abort, 'unbalanced_entry'); end;

-- A wallet is debited only by the kernel's leave, used once, in time, for exactly its amount;
-- without it money may only leave to the world or pay a fee or a brain.
create trigger entries_need_leave before insert on entries
when exists (select 1 from json_each(new.postings)
             where value ->> 0 glob 'wallet:*' and value ->> 2 < 0)
  and case when new.decision_id is null
      then exists (select 1 from json_each(new.postings) where value ->> 2 > 0
                   and not (value ->> 0 = 'world' or value ->> 0 glob 'fees:*'
                            or value ->> 0 glob 'brain:*'))
      else not exists (
        select 1 from decisions where id = new.decision_id and verdict = 'permit'
          and new.recorded_at >= made_at and new.recorded_at < expires_at
          and 1 = (select count(*) from json_each(new.postings) where value ->> 2 < 0)
          and exists (select 1 from json_each(new.postings)
                      where value ->> 0 = 'wallet:' || requester
                        and value ->> 1 = amount_asset and value ->> 2 = -amount))
      end
begin select raise(abort, 'spend_without_decision'); end;

-- After an entry: its accounts exist, its postings follow, each moves its account's balance.
-- A conflict clause of the outer statement overrides those in here, so nothing in here relies on
-- one: what must not be is raised, and the result is looked at.
create trigger entries_post after insert on entries
begin
  insert into accounts (name, asset)
    select value ->> 0, value ->> 1 from json_each(new.postings) where not exists (
      select 1 from accounts where name = value ->> 0 and asset = value ->> 1);
  insert into postings (entry, line, account, amount, version, balance_after)
    select new.seq, e.key, a.number, e.value ->> 2, a.version + 1, a.balance + (e.value ->> 2)
    from json_each(new.postings) e
    cross join accounts a on a.name = e.value ->> 0 and a.asset = e.value ->> 1;
  select raise(abort, 'unknown_account') where
    (select count(*) from postings where entry = new.seq) <> json_array_length(new.postings);
  select raise(abort, 'balances_follow_postings') where exists (
    select 1 from postings p join accounts a on a.number = p.account
    where p.entry = new.seq and (a.balance <> p.balance_after or a.version <> p.version));
end;

create trigger postings_follow_entries before insert on postings
when not exists (select 1 from entries e join accounts a on a.number = new.account
                 where e.seq = new.entry and e.seq = (select max(seq) from entries)
                   and json_extract(e.postings, '$[' || new.line || ']')
                       = json_array(a.name, a.asset, new.amount)
                   and new.version = a.version + 1
                   and new.balance_after = a.balance + new.amount)
  or exists (select 1 from postings where entry = new.entry and line = new.line)
begin select raise(abort, 'entry_sealed'); end;

create trigger balances_follow after insert on postings
begin
  update accounts set balance = new.balance_after, version = new.version
  where number = new.account;
end;

create trigger accounts_open_empty before insert on accounts
when new.balance <> 0 or new.version <> 0
  or (exists (select 1 from accounts where number = new.number))
begin select raise(abort, 'balances_follow_postings'); end;

create trigger accounts_keep_their_floor before update on accounts
when old.name <> 'world' and new.balance < 0
begin select raise(abort, 'no_overdraft'); end;

create trigger accounts_keep_their_bound before update on accounts
when old.name <> 'world' and new.balance > 1000000000000000
begin select raise(abort, 'within_bounds'); end;

create trigger accounts_follow_postings before update on accounts
when new.number <> old.number or new.name <> old.name or new.asset <> old.asset
  or new.version <> old.version + 1
  or not exists (select 1 from postings where account = old.number and version = new.version
                 and balance_after = new.balance and amount = new.balance - old.balance)
begin select raise(abort, 'balances_follow_postings'); end;

-- History is never changed.
create trigger entries_kept before update on entries
begin select raise(abort, 'history_is_kept'); end;
create trigger entries_stay before delete on entries
begin select raise(abort, 'history_is_kept'); end;
create trigger postings_kept before update on postings
begin select raise(abort, 'history_is_kept'); end;
create trigger postings_stay before delete on postings
begin select raise(abort, 'history_is_kept'); end;
create trigger accounts_stay before delete on accounts
begin select raise(abort, 'history_is_kept'); end;

create view movements as
  select p.entry as seq, e.id as entry_id, e.kind, a.name as account, a.asset, p.amount,
         p.balance_after, e.memo, e.reference, e.run_id, e.recorded_at
  from postings p join entries e on e.seq = p.entry join accounts a on a.number = p.account;
