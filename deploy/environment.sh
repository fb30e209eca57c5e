#!/bin/sh
# Makes .venv from the hashed lock: sh deploy/environment.sh run|dev. Does nothing while the lock is unchanged.
# An environment with the developers' tools stays one: the run-time lock is a part of theirs.
set -eu
cd "$(dirname "$0")/.."

kind=$1
venv=.venv
stamp=$venv/.lock

say() { printf 'qihu: %s\n' "$*" >&2; }
fingerprint() { # of a lock at this place: kind, checksum, directory
    case $1 in run) lock=deploy/requirements.txt ;; *) lock=deploy/requirements-dev.txt ;; esac
    printf '%s %s %s' "$1" "$(cksum <"$lock")" "$PWD"
}
good() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if [ -x $venv/bin/python ] && good $venv/bin/python; then
    have=$(cat $stamp 2>/dev/null || true)
    [ "$have" != "$(fingerprint dev)" ] || exit 0
    case $have in dev*) kind=dev ;; esac
    [ "$have" != "$(fingerprint "$kind")" ] || exit 0
else
    python=
    for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python; do
        if good "$candidate"; then python=$candidate && break; fi
    done
    if [ -z "$python" ]; then
        say "需要 needs Python >= 3.11; found $(python3 --version 2>&1 || echo none). 请安装后重试，或 install it, or: make PYTHON=/path/to/python3.11 $*"
        exit 1
    fi
    if ! why=$("$python" -m venv --clear $venv 2>&1); then
        rm -rf $venv
        say "$python 无法建立虚拟环境 cannot make a virtual environment (Debian/Ubuntu: apt-get install python3-venv): $(printf '%s' "$why" | tail -n 1)"
        exit 1
    fi
fi

case $kind in run) lock=deploy/requirements.txt ;; *) lock=deploy/requirements-dev.txt ;; esac
python=$venv/bin/python
say "正在安装依赖 installing $lock into $venv"
rm -f $stamp
if [ ! -x $venv/bin/uv ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/uv.txt || rm -f $venv/bin/uv
fi
# uv does not read pip's configuration; a mirror set there is meant for us too.
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    mirror=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$mirror" ]; then export UV_DEFAULT_INDEX="$mirror"; fi
fi
if ! { [ -x $venv/bin/uv ] && $venv/bin/uv pip sync --quiet --require-hashes --compile-bytecode --python "$python" $lock; }; then
    say "uv 未成功，改用 pip 重试 uv did not succeed, trying pip"
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r $lock || {
        say "依赖安装失败 could not install $lock (原因见上 the reason is above)"
        exit 1
    }
fi
# So that `pytest` and `celery` find the project however they are called.
"$python" -c "import os, pathlib, sysconfig; pathlib.Path(sysconfig.get_path('purelib'), 'qihu-project.pth').write_text(os.getcwd() + '\n')"
fingerprint "$kind" >$stamp
