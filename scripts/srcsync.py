#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""srcsync.py PRISTINE SERIESDIR SRC: make SRC equal to PRISTINE + series.

Patches are applied with zero fuzz to copies of the files they touch, and only
files whose content changes are written, so that time stamps stay and a build
is incremental.  SRC begins as a hard-linked copy of PRISTINE; files in it are
replaced, never written into.
"""
import os
import shutil
import subprocess
import sys
import tempfile


def touched(path):
    res = []
    with open(path, encoding='utf-8', errors='surrogateescape') as f:
        for line in f:
            if line.startswith('diff --git a/'):
                res.append(line.rstrip('\n').split(' b/', 1)[1])
    return res


def read(path):
    try:
        with open(path, 'rb') as f:
            return f.read()
    except FileNotFoundError:
        return None


def apply_series(pristine, series, tmp, upto=None, verbose=True):
    """The set of touched files, their patched content below tmp."""
    names = open(os.path.join(series, 'series')).read().split()
    files, warned = set(), 0
    for i, name in enumerate(names):
        if upto is not None and i >= upto:
            break
        patch = os.path.join(series, name)
        for f in touched(patch):
            if f in files:
                continue
            files.add(f)
            src, dst = os.path.join(pristine, f), os.path.join(tmp, f)
            os.makedirs(os.path.dirname(dst), exist_ok=True)
            if os.path.exists(src):
                shutil.copy(src, dst)
        r = subprocess.run(['patch', '-p1', '-F0', '-N', '-f', '--no-backup-if-mismatch',
                            '-d', tmp, '-i', os.path.abspath(patch)],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = r.stdout.decode(errors='replace')
        if r.returncode:
            sys.exit('srcsync: %s does not apply with zero fuzz:\n%s' % (name, out))
        if 'offset' in out and verbose:
            for line in out.split('\n'):
                if 'offset' in line and warned < 5:
                    print('srcsync: %s: %s' % (name, line), file=sys.stderr)
                    warned += 1
    return files


def replace(path, data, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    tmp = path + '.srcsync'
    with open(tmp, 'wb') as f:
        f.write(data)
    os.chmod(tmp, mode)
    os.rename(tmp, path)


def sync(pristine, series, src, upto=None):
    state = src + '.touched'
    old = set((read(state) or b'').decode().split('\n')) - {''}
    if not os.path.isdir(src):
        subprocess.run(['cp', '-al', pristine, src + '.tmp'], check=True)
        os.rename(src + '.tmp', src)
        old = set()
    changed = 0
    with tempfile.TemporaryDirectory() as tmp:
        files = apply_series(pristine, series, tmp, upto)
        with open(state, 'w') as f:
            f.write('\n'.join(sorted(old | files)))
        for f in sorted(old | files):
            dst = os.path.join(src, f)
            want = os.path.join(tmp if f in files else pristine, f)
            data = read(want)
            if data == read(dst):
                continue
            changed += 1
            if data is None:
                os.unlink(dst)
            else:
                replace(dst, data, os.stat(want).st_mode & 0o777)
        with open(state, 'w') as f:
            f.write('\n'.join(sorted(files)))
    return changed


if __name__ == '__main__':
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    n = sync(*sys.argv[1:4], upto=int(sys.argv[4]) if len(sys.argv) > 4 else None)
    print('%d files of %s changed' % (n, os.path.basename(sys.argv[3])), file=sys.stderr)
