#!/usr/bin/env bash
# 第一次安装：sudo ./install.sh 主机名。装过的再运行一次，只补缺的，不改已有的设置。
bundle=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -e "$bundle/lib.sh" ] || bundle=$bundle/app/deploy
# shellcheck source=lib.sh
. "$bundle/lib.sh"
bundle=$(cd "$bundle/../.." && pwd)

host=${1:-}
[[ $host =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]] || stop "请写明用户在地址栏里输的主机名，例如：$0 zp.czj.example"
need_root
check_bundle

make_account() {
    on_system || return 0
    id "$account" >/dev/null 2>&1 || useradd --system --home-dir "$data" --no-create-home --shell /usr/sbin/nologin "$account"
    if id www-data >/dev/null 2>&1; then usermod --append --groups "$account" www-data; fi
}

make_folders() {
    mkdir -p "$opt/releases" "$etc/tls" "$data" "$backups"
    chmod 700 "$data" "$backups" "$etc/tls"
    if on_system; then chown "$account:$account" "$data" "$backups"; fi
}

# 已有的设置不动；没有的按样子生成，密钥是随机的。
make_environment() {
    if [ -e "$etc/env" ]; then return; fi
    (
        umask 077
        sed -e "s|^DJANGO_SECRET_KEY=.*|DJANGO_SECRET_KEY=$(openssl rand -base64 48)|" \
            -e "s|^DJANGO_ALLOWED_HOSTS=.*|DJANGO_ALLOWED_HOSTS=$host|" \
            -e "s|^DATA_DIR=.*|DATA_DIR=$data|" "$release/app/deploy/env.example" >"$etc/env"
        if [ -n "${DATABASE_URL:-}" ]; then sed -i "s|^DATABASE_URL=.*|DATABASE_URL=$DATABASE_URL|" "$etc/env"; fi
    )
    say "设置写在 $etc/env，密钥已生成"
}

check_certificate() {
    on_system || return 0
    [ -s "$etc/tls/cert.pem" ] && [ -s "$etc/tls/key.pem" ] ||
        stop "没有证书。请把 $host 的证书放到 $etc/tls/cert.pem、私钥放到 $etc/tls/key.pem（权限 600），再运行一次。"
}

name_missing_packages() {
    local missing=() package
    has dpkg-query || return 0
    for package in nginx postgresql libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig curl openssl; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    if [ "${#missing[@]}" -gt 0 ]; then say "还没有装的系统软件（从本单位的系统源安装）：${missing[*]}"; fi
}

# 宋体、黑体：系统里没有思源字体的，用安装包里的。
place_fonts() {
    on_system || return 0
    if [ -d "$release/fonts" ] && ! fc-list 2>/dev/null | grep -q 'Noto Serif CJK SC'; then
        install -d /usr/local/share/fonts/jixiao
        install -m 644 "$release"/fonts/* /usr/local/share/fonts/jixiao/
        if has fc-cache; then fc-cache -f /usr/local/share/fonts/jixiao; fi
        say "字体装到 /usr/local/share/fonts/jixiao"
    fi
}

installed_before=$(current_release)
if [ -n "$installed_before" ] && [ "$(basename "$installed_before")" != "$version" ]; then
    stop "这台机器已装着 $(basename "$installed_before")。升级请运行 upgrade.sh。"
fi
name_missing_packages
make_account
make_folders
place_release
make_environment
place_fonts
check_certificate
say "升级数据库"
migrate "$release" --verbosity 0 || stop "数据库没有准备好。按 deploy/postgresql.md 建库和账号，再运行一次。"
manage "$release" check --deploy --database default --fail-level ERROR >/dev/null || stop "设置还不安全，原因见上面；改 $etc/env 后再运行一次。"
switch_to "$release"
place_units
place_nginx "$host"
start_site || stop "网站没有起来。"
if on_system; then
    say "装好了。第一次设置：运行 jixiao-manage setup_code 得到设置码，再打开 https://$host/"
else
    say "装好了（试装在 $root）。"
fi
