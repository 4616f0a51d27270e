-- 建库和两个账号：sudo -u postgres psql -v ON_ERROR_STOP=1 -f deploy/postgresql.sql
-- jixiao_owner 是各表的主人，只在安装、升级时用；jixiao 是网站用的，只能读写数据，改不了表和触发器。
CREATE ROLE jixiao_owner LOGIN;
CREATE ROLE jixiao LOGIN;
CREATE DATABASE jixiao OWNER jixiao_owner TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';
\connect jixiao
REVOKE ALL ON DATABASE jixiao FROM PUBLIC;
GRANT CONNECT ON DATABASE jixiao TO jixiao;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO jixiao_owner;
GRANT USAGE ON SCHEMA public TO jixiao;
ALTER DEFAULT PRIVILEGES FOR ROLE jixiao_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO jixiao;
ALTER DEFAULT PRIVILEGES FOR ROLE jixiao_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO jixiao;
