-- The journal: accounts and movements of money between them. A movement takes an amount from one
-- account and puts it into another, so it balances by its shape; an entry is one movement, or
-- several that follow each other, and the first carries the entry's key. The rules hold for raw
-- SQL too, with foreign keys switched off, and against INSERT OR REPLACE.

pragma application_id = 0x666c7578;

create table accounts (
  number    integer primary key,
  name      text not null check (length(name) between 1 and 128),
  asset     text not null check (length(asset) between 3 and 10 and asset not glob '*[^A-Z]*'),
  balance   integer not null default 0
            check (balance between -1000000000000000 and 1000000000000000),
  movements integer not null default 0,
  latest    integer not null default 0,
  earned    integer not null default 0,
  spent     integer not null default 0,
  kind      text not null
            check (kind in ('world', 'wallet', 'held', 'card', 'escrow', 'stream', 'fees', 'brain',
                            'gas')),
  constraint named check (name = 'world' and kind = 'world' or name glob kind || ':?*'),
  unique (name, asset)
) strict;

create table decisions (
  id             text primary key not null check (id glob 'dec_*'),
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
) strict, without rowid;

-- A permit is named by what it permits; a denial only names the payment it denies.
create index decisions_denied on decisions (intent_id, id) where verdict = 'denied';

create table kinds (
  number integer primary key,
  name   text not null unique
) strict;

insert into kinds (number, name) values
  (1, 'top_up'),
  (2, 'withdrawal'),
  (3, 'payment'),
  (4, 'hold'),
  (5, 'capture'),
  (6, 'release'),
  (7, 'escrow_fund'),
  (8, 'escrow_release'),
  (9, 'escrow_refund'),
  (10, 'stream_accrual'),
  (11, 'card_load'),
  (12, 'card_capture'),
  (13, 'card_refund'),
  (14, 'fee'),
  (15, 'exchange'),
  (16, 'brain_cost'),
  (17, 'gas'),
  (18, 'settlement'),
  (19, 'adjustment'),
  (20, 'refund');

-- `source_after` and `target_after` are the balances that the movement left; `source_before` and
-- `target_before` are the movement that each account had before it (0 for none), so that an
-- account's history is a walk, newest first. `earned` and `spent` of an account are what its
-- movements add up to by their kind; a refund takes from both sides what it gives back.
create table movements (
  seq           integer primary key,
  entry         integer not null,
  moves         integer not null check (moves between 1 and 1000),
  key           text unique,
  kind          integer not null check (kind between 1 and 20),
  source        integer not null references accounts (number),
  target        integer not null references accounts (number),
  amount        integer not null check (amount between 1 and 1000000000000000),
  source_after  integer not null,
  target_after  integer not null,
  source_before integer not null,
  target_before integer not null,
  memo          text not null,
  decision_id   text references decisions (id),
  reference     text,
  run_id        text,
  recorded_at   text not null check (length(recorded_at) = 27),
  hash          blob not null check (length(hash) = 32),
  check (source <> target),
  check (entry <= seq and seq < entry + moves and (entry = seq) = (key is not null)),
  check (length(key) between 1 and 255),
  check (length(memo) <= 600)
) strict;

create unique index movements_of_decision on movements (decision_id) where decision_id is not null;
create index movements_of_reference on movements (reference, seq) where reference is not null;
create index movements_of_run on movements (run_id, seq) where run_id is not null;

-- Before a movement, in one look at its accounts and at the movement before it: it is the next
-- one, new, not back in time; a continuation continues its entry; the accounts hold what it says,
-- in one asset, and keep their floor. A wallet is debited only by the kernel's leave, used once,
-- in time, for exactly its amount; without it money may only leave to the world or pay a fee, a
-- brain or gas.
create trigger movements_checked before insert on movements
begin
  select ifnull((
    select case
      when exists (select 1 from movements where seq >= new.seq or key = new.key)
        or case new.seq when 1 then new.entry <> 1
           else (select recorded_at <= new.recorded_at
                        and (new.entry = new.seq
                             or (entry = new.entry and moves = new.moves and kind = new.kind
                                 and recorded_at = new.recorded_at and new.decision_id is null))
                 from movements where seq = new.seq - 1) is not 1 end
        then raise(abort, 'movement_out_of_order')
      when new.amount not between 1 and 1000000000000000 or new.source = new.target
        or new.entry <> new.seq and new.kind <> 15 and s.asset <> (
          select a.asset from movements p join accounts a on a.number = p.source
          where p.seq = new.seq - 1)
        then raise(abort, 'malformed_movement')
      when t.asset <> s.asset
        or s.balance - new.amount <> new.source_after or s.latest <> new.source_before
        or t.balance + new.amount <> new.target_after or t.latest <> new.target_before
        then raise(abort, 'balances_follow_movements')
      when new.source_after < 0 and s.kind <> 'world' then raise(abort, 'no_overdraft')
      when new.target_after > 1000000000000000 or new.source_after < -1000000000000000
        then raise(abort, 'within_bounds')
      when s.kind <> 'wallet' then 1
      when new.decision_id is null then case
        when t.kind in ('world', 'fees', 'brain', 'gas') then 1
        else raise(abort, 'spend_without_decision') end
      when not exists (
          select 1 from decisions d
          where d.id = new.decision_id and d.verdict = 'permit'
            and new.recorded_at >= d.made_at and new.recorded_at < d.expires_at
            and s.name = 'wallet:' || d.requester
            and s.asset = d.amount_asset and new.amount = d.amount)
        or exists (select 1 from movements where decision_id = new.decision_id)
        then raise(abort, 'spend_without_decision')
      else 1 end
    from accounts s cross join accounts t where s.number = new.source and t.number = new.target
  ), raise(abort, 'unknown_account'));
end;

-- After a movement: both balances follow. A conflict clause of the outer statement overrides
-- those in here, so nothing in here relies on one. A mask has a bit for each kind it is of:
-- spent by the source (all but top_up, withdrawal, exchange, adjustment, refund), given back to
-- the target (those less the earned ones, and refund), earned (payment, capture, escrow_release,
-- stream_accrual).
create trigger movements_post after insert on movements
begin
  update accounts
  set balance = new.source_after, movements = movements + 1, latest = new.seq,
      spent = spent + new.amount * (491512 >> new.kind & 1),
      earned = earned - new.amount * (new.kind = 20)
  where number = new.source;
  update accounts
  set balance = new.target_after, movements = movements + 1, latest = new.seq,
      spent = spent - new.amount * (1538768 >> new.kind & 1),
      earned = earned + new.amount * (1320 >> new.kind & 1)
  where number = new.target;
end;

create trigger accounts_open_empty before insert on accounts
when new.balance <> 0 or new.movements <> 0 or new.latest <> 0
  or new.earned <> 0 or new.spent <> 0
  or exists (select 1 from accounts
             where number = new.number or (name = new.name and asset = new.asset))
begin select raise(abort, 'balances_follow_movements'); end;

create trigger accounts_follow_movements before update on accounts
when new.number <> old.number or new.name <> old.name or new.asset <> old.asset
  or new.kind <> old.kind
  or new.movements <> old.movements + 1 or new.latest <= old.latest
  or not exists (
    select 1 from movements
    where seq = new.latest
      and ((source = old.number and source_after = new.balance and source_before = old.latest)
        or (target = old.number and target_after = new.balance and target_before = old.latest)))
begin select raise(abort, 'balances_follow_movements'); end;

-- History is never changed.
create trigger movements_kept before update on movements
begin select raise(abort, 'history_is_kept'); end;
create trigger movements_stay before delete on movements
begin select raise(abort, 'history_is_kept'); end;
create trigger kinds_kept before update on kinds
begin select raise(abort, 'history_is_kept'); end;
create trigger kinds_stay before delete on kinds
begin select raise(abort, 'history_is_kept'); end;
create trigger kinds_known before insert on kinds
begin select raise(abort, 'history_is_kept'); end;
create trigger accounts_stay before delete on accounts
begin select raise(abort, 'history_is_kept'); end;

-- For people with a SQL shell: each entry once, and each side of each movement.
create view entries as
  select m.seq, k.name as kind, m.key, m.memo, m.decision_id, m.reference, m.run_id,
         m.recorded_at, m.hash
  from movements m join kinds k on k.number = m.kind where m.key is not null;

create view postings as
  select m.entry, m.seq, k.name as kind, a.name as account, a.asset, -m.amount as amount,
         m.source_after as balance_after, m.recorded_at
  from movements m join accounts a on a.number = m.source join kinds k on k.number = m.kind
  union all
  select m.entry, m.seq, k.name, a.name, a.asset, m.amount, m.target_after, m.recorded_at
  from movements m join accounts a on a.number = m.target join kinds k on k.number = m.kind;
