"""gunicorn 的设置：经 Unix 套接字交给本机的 nginx。不要让 gunicorn 直接对着用户：慢的客户端会占住它的全部线程。"""

import os
import sys

bind = os.environ.get("BIND", "unix:/run/jixiao/web.sock")
if not bind.startswith(("unix:", "127.0.0.1:")):
    print(
        f"拒绝启动：BIND={bind} 会让网站直接对外；请用 unix:/run/jixiao/web.sock，前面放 nginx。",
        file=sys.stderr,
    )
    sys.exit(3)

wsgi_app = "config.wsgi"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", 0)) or max(2, min(8, len(os.sched_getaffinity(0))))
threads = 4
# nginx 最多交来 max_conns 个，这里的队不会比它长
backlog = 64
worker_connections = 128
timeout = 120
graceful_timeout = 30
max_requests = 5000
max_requests_jitter = 500
# 先装好再分叉：不安全时一句话就停，不反复重启
preload_app = True
umask = 0o007
control_socket_disable = True
loglevel = "warning"


def pre_fork(server, worker):
    """数据库的连接不带过分叉。"""
    from django.db import connections

    connections.close_all()
