-- A listing whose work is done by a program on this machine, or by an agent on the web.

alter table listings add column command text not null default '[]' check (json_valid(command));
alter table listings add column url text not null default '';
