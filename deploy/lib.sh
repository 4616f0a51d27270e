# install.sh、upgrade.sh、rollback.sh 共用。
# JIXIAO_ROOT=目录：只装到这个目录里试装，不建用户，不动系统的 nginx、systemd，不要 root。
# shellcheck shell=bash disable=SC2034,SC2154
set -euo pipefail
umask 022

root=${JIXIAO_ROOT:-}
opt=$root/opt/jixiao
etc=$root/etc/jixiao
data=$root/var/lib/jixiao
backups=$root/var/backups/jixiao
account=jixiao
python_wanted=3.11

say() { echo "[自评系统] $*"; }
stop() {
    echo "[自评系统] 停下：$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
on_system() { [ -z "$root" ]; }
have_systemd() { on_system && [ -d /run/systemd/system ]; }

need_root() {
    if on_system && [ "$(id -u)" != 0 ]; then stop "要用 root 运行，例如 sudo $0。"; fi
}

# --- 安装包

# 安装包完整、没有被改过：每个文件的摘要都对。
check_bundle() {
    [ -s "$bundle/SHA256SUMS" ] || stop "这里不是安装包（没有 SHA256SUMS）。请在解开的安装包里运行。"
    say "核对安装包的摘要"
    (cd "$bundle" && sha256sum --check --quiet --strict SHA256SUMS) ||
        stop "安装包不完整或被改过。请重新复制，再与发布时公布的摘要核对。"
    version=$(head -n 1 "$bundle/app/VERSION")
    release=$opt/releases/$version
}

find_python() {
    local name
    for name in "python$python_wanted" python3; do
        if "$name" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$python_wanted')" 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    stop "需要 Python $python_wanted。请安装 python$python_wanted 和 python$python_wanted-venv。"
}

# 装到 releases/版本；装好才算数，断在半路的重装。不连网：只用安装包里的 wheel，逐个核对摘要。
place_release() {
    local python
    if [ -e "$release/installed" ]; then
        say "$version 已经装过"
        return
    fi
    python=$(find_python)
    "$python" -c 'import ensurepip' 2>/dev/null || stop "缺少 python$python_wanted-venv，请先安装。"
    say "装到 $release"
    rm -rf "$release"
    mkdir -p "$release"
    cp -R "$bundle/." "$release/"
    chmod -R go-w "$release"
    "$python" -m venv "$release/venv"
    env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$release/venv/bin/python" -m pip install --quiet --no-deps --no-index --find-links "$release/wheels" \
        --require-hashes --requirement "$release/app/requirements.lock" || stop "依赖没有装上，原因见上面。"
    "$release/venv/bin/python" -m pip uninstall --quiet --yes setuptools pip
    "$release/venv/bin/python" -m compileall -q "$release/app/config" "$release/app/evaluations" "$release/app/units"
    "$release/venv/bin/python" "$release/app/deploy/verify-install" || stop "装好的文件与安装包不符。"
    touch "$release/installed"
}

# --- 环境和命令

load_environment() {
    local line
    while IFS= read -r line; do
        case $line in
        '' | '#'*) ;;
        *=*) export "${line?}" ;;
        *) stop "$1 里这一行看不懂：$line" ;;
        esac
    done <"$1"
}

# manage 版本目录 命令……：以网站的账号、用 /etc/jixiao/env 运行管理命令。
manage() {
    local which=$1
    shift
    (
        load_environment "$etc/env"
        cd "$which/app"
        if on_system; then
            exec runuser -u "$account" -- "$which/venv/bin/python" manage.py "$@"
        fi
        exec "$which/venv/bin/python" manage.py "$@"
    )
}

# 升级数据库用各表主人的账号（owner.env 里的 DATABASE_URL）；没有这个文件就用网站的账号。
migrate() {
    local which=$1
    shift
    (
        load_environment "$etc/env"
        if [ -e "$etc/owner.env" ]; then load_environment "$etc/owner.env"; fi
        cd "$which/app"
        if on_system; then
            exec runuser -u "$account" -- "$which/venv/bin/python" manage.py migrate "$@"
        fi
        exec "$which/venv/bin/python" manage.py migrate "$@"
    )
}

current_release() { readlink -f "$opt/current" 2>/dev/null || true; }

# 换到一个版本：先建新的链接再改名，任何时候 current 都在。
switch_to() {
    ln -sfn "releases/$(basename "$1")" "$opt/current.new"
    mv -T "$opt/current.new" "$opt/current"
    say "现在是 $(basename "$1")"
}

# --- 系统

stop_site() { if have_systemd; then systemctl stop jixiao-web.service 2>/dev/null || true; fi; }

start_site() {
    if ! have_systemd; then
        say "没有用 systemd，请自己启动：cd $opt/current/app && ../venv/bin/gunicorn --config deploy/gunicorn.conf.py"
        return
    fi
    systemctl daemon-reload
    systemctl restart jixiao-web.service || true
    wait_ready || return 1
    systemctl enable --quiet --now jixiao-backup.timer jixiao-anchor.timer jixiao-cleanup.timer
}

wait_ready() {
    local second host
    host=$(sed -n 's/^DJANGO_ALLOWED_HOSTS=\([^,]*\).*/\1/p' "$etc/env")
    for second in $(seq 60); do
        if curl --silent --fail --output /dev/null --unix-socket /run/jixiao/web.sock "http://$host/readyz"; then
            say "网站可以用了（等了 $second 秒）"
            return
        fi
        sleep 1
    done
    say "网站一分钟还没有起来。原因：journalctl -u jixiao-web -n 30"
    return 1
}

place_units() {
    on_system || return 0
    install -m 644 "$release"/app/deploy/systemd/* /etc/systemd/system/
    if have_systemd; then
        systemctl daemon-reload
        systemctl enable --quiet jixiao-web.service
    fi
    install -m 755 "$release/app/deploy/jixiao-manage" /usr/local/sbin/jixiao-manage
}

place_nginx() {
    local made old=/etc/nginx/nginx.conf
    on_system || return 0
    made=$(mktemp)
    sed "s/@HOST@/$1/g" "$release/app/deploy/nginx/nginx.conf" >"$made"
    if cmp -s "$made" "$old"; then
        rm -f "$made"
        return
    fi
    cp -p "$old" "$old.before-jixiao"
    install -m 644 "$made" "$old"
    rm -f "$made"
    if ! nginx -t -q; then
        cp -p "$old.before-jixiao" "$old"
        stop "nginx 的设置不对，已换回原来的。原因见上面。"
    fi
    if have_systemd; then systemctl reload-or-restart nginx; fi
    say "nginx 已换成自评系统的设置，原来的在 $old.before-jixiao"
}
