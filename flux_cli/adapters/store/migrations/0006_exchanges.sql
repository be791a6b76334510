-- Exchanges: one asset of an agent given for another, at the owner's rate; each is made once.

create table exchanges (
  id text primary key not null check (id glob 'fx_*'),
  key              text not null unique check (length(key) between 1 and 200),
  agent            text not null,
  given            integer not null check (given > 0),
  given_asset      text not null,
  taken            integer not null check (taken > 0),
  taken_asset      text not null check (taken_asset <> given_asset),
  rate_numerator   integer not null check (rate_numerator > 0),
  rate_denominator integer not null check (rate_denominator > 0),
  residue          text not null check (length(residue) between 1 and 40
                                        and residue not glob '*[^0-9]*'),
  at               text not null,
  version integer not null check (version = 1)
) strict;

create index exchanges_of_agent on exchanges (agent, id);

create trigger exchanges_recorded before insert on exchanges
when exists (select 1 from exchanges where id = new.id or key = new.key)
  or not exists (select 1 from events where subject = new.id and version = 1)
begin select raise(abort, 'no_event'); end;
create trigger exchanges_kept before update on exchanges
begin select raise(abort, 'history_is_kept'); end;
create trigger exchanges_stay before delete on exchanges
begin select raise(abort, 'history_is_kept'); end;
