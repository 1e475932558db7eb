#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The queue: patches/queue parsed, and the series generated from it.

	dmqueue.py list   BASE            names of the entries
	dmqueue.py files  BASE            SRC<TAB>DST<TAB>entry of every new file
	dmqueue.py series BASE OUTDIR [--signoff "Name <mail>"]
	dmqueue.py parity                 the same hooks on every base
	dmqueue.py bases

patches/FORMAT describes the manifest.  No kernel source is needed here, and the
output depends on nothing but the checkout.
"""
import difflib
import os
import re
import subprocess
import sys
import textwrap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BASES = {'6.12': 612, '7.3': 703}
AUTHOR = 'XFS DMAPI <xfs-dmapi@localhost>'
DATE = 'Thu, 1 Jan 2026 00:00:00 +0000'
NAME = r'[A-Za-z0-9][A-Za-z0-9_.-]*'


class QueueError(Exception):
    pass


class Entry:
    def __init__(self, name):
        self.name = name
        self.subject = ''
        self.only = None
        self.parity = ''
        self.rawfiles = []      # (spec, base or None)
        self.message = ''

    def on(self, base):
        return self.only is None or base in self.only

    def hook_path(self, base):
        return os.path.join(TOP, 'patches', base, self.name + '.patch')

    def hook(self, base):
        """The hook patch, without anything that precedes its first diff."""
        try:
            with open(self.hook_path(base), encoding='utf-8',
                      errors='surrogateescape') as f:
                text = f.read()
        except FileNotFoundError:
            return ''
        m = re.search(r'^(diff --git |--- )', text, re.M)
        return text[m.start():] if m else ''

    def files(self, base):
        """(source path below TOP, path in the kernel) of each new file."""
        res = []
        for spec, only in self.rawfiles:
            if only and only != base:
                continue
            if '=>' in spec:
                src, dst = [s.strip() for s in spec.split('=>', 1)]
            else:
                src, dst = 'xfs-dmapi/' + spec, spec
            if src.endswith('/'):
                for f in tracked_below(src):
                    res.append((f, dst + f[len(src):]))
            else:
                res.append((src, dst))
        return res


def tracked_below(d):
    out = subprocess.run(
        ['git', '-C', TOP, 'ls-files', '-co', '--exclude-standard', '-z', '--', d],
        stdout=subprocess.PIPE, check=True).stdout.decode()
    return sorted(f for f in set(out.split('\0'))
                  if f and os.path.isfile(os.path.join(TOP, f)))


def parse(path=None):
    path = path or os.path.join(TOP, 'patches', 'queue')
    entries, cur, key, body = [], None, None, False
    names = set()
    try:
        lines = open(path, encoding='utf-8').read().split('\n')
    except FileNotFoundError:
        return []
    for no, line in enumerate(lines, 1):
        def bad(msg):
            raise QueueError('patches/queue:%d: %s' % (no, msg))
        if line.startswith('#'):
            continue
        m = re.match(r'^\[(%s)\]\s*$' % NAME, line)
        if m:
            cur, key, body = Entry(m.group(1)), None, False
            if cur.name in names:
                bad('entry [%s] twice' % cur.name)
            names.add(cur.name)
            entries.append(cur)
            continue
        if cur is None:
            if line.strip():
                bad('text before the first [entry]')
            continue
        if body:
            cur.message += line + '\n'
            continue
        if not line.strip():
            body = True
            continue
        if line[0] in ' \t':
            val = line.strip()
        else:
            m = re.match(r'^(subject|files(?:@[\d.]+)?|only|parity):\s*(.*)$', line)
            if not m:
                bad('not a known "key: value": %s' % line)
            key, val = m.group(1), m.group(2).strip()
        if key is None:
            bad('continuation of nothing')
        if key.startswith('files'):
            only = key[6:] or None
            if only and only not in BASES:
                bad('unknown base %s' % only)
            if val:
                cur.rawfiles.append((val, only))
        elif key == 'only':
            cur.only = val.replace(',', ' ').split()
            for b in cur.only:
                if b not in BASES:
                    bad('unknown base %s' % b)
        elif key == 'parity':
            cur.parity = (cur.parity + ' ' + val).strip()
        else:
            cur.subject = (cur.subject + ' ' + val).strip()
    for e in entries:
        e.message = textwrap.dedent(e.message).strip('\n')
        if not e.subject:
            raise QueueError('patches/queue: [%s] has no subject' % e.name)
    return entries


# A mark at the end of a line, and the marks round a block.
LINE_MARK = re.compile(r'[ \t]*(?:/\* @(%s) \*/|# @(%s))[ \t]*$' % (NAME, NAME))
OPEN_MARK = re.compile(r'^[ \t]*(?:/\* @(%s) \{ \*/|# @(%s) \{)[ \t]*$' % (NAME, NAME))
CLOSE_MARK = re.compile(r'^[ \t]*(?:/\* \} @(%s) \*/|# \} @(%s))[ \t]*$' % (NAME, NAME))


def grow_marks(text, names):
    """The entries that a file's marks name."""
    res = set()
    if '@' not in text:
        return res
    for line in text.split('\n'):
        for rx in (OPEN_MARK, LINE_MARK):
            m = rx.search(line)
            if m:
                n = m.group(1) or m.group(2)
                if n in names:
                    res.add(n)
    return res


def grown(text, have, names, path):
    """The file as it is once the entries in `have` have landed."""
    if '@' not in text:
        return text
    out, block = [], None
    for line in text.split('\n'):
        m = OPEN_MARK.match(line)
        if m and (m.group(1) or m.group(2)) in names:
            if block:
                raise QueueError('%s: block @%s inside @%s' % (path, m.group(0), block))
            block = m.group(1) or m.group(2)
            continue
        m = CLOSE_MARK.match(line)
        if m and (m.group(1) or m.group(2)) in names:
            if (m.group(1) or m.group(2)) != block:
                raise QueueError('%s: block @%s ends where it did not begin' % (path, block))
            block = None
            continue
        if block and block not in have:
            continue
        m = LINE_MARK.search(line)
        if m and (m.group(1) or m.group(2)) in names:
            if (m.group(1) or m.group(2)) not in have:
                continue
            line = line[:m.start()]
        elif m:
            raise QueueError('%s: mark of an unknown entry: %s' % (path, line.strip()))
        out.append(line)
    if block:
        raise QueueError('%s: block @%s has no end' % (path, block))
    return '\n'.join(out)


def unifdef(text, base, path):
    if 'XFS_DM_BASE' not in text:
        return text
    cmd = ['unifdef', '-DXFS_DM_BASE=%d' % BASES[base]]
    if not re.search(r'\.[chS]$', path):
        cmd.append('-t')
    r = subprocess.run(cmd, input=text.encode(), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if r.returncode > 1:
        raise QueueError('%s: unifdef: %s' % (path, r.stderr.decode().strip()))
    text = r.stdout.decode()
    if 'XFS_DM_BASE' in text:
        raise QueueError('%s: XFS_DM_BASE is left after unifdef (only in #if lines, please)' % path)
    return text


def new_file_diff(dst, text, mode):
    head = 'diff --git a/%s b/%s\nnew file mode %s\n' % (dst, dst, mode)
    if not text:
        return head
    lines = text.split('\n')
    tail = '' if lines[-1] == '' else '\n\\ No newline at end of file'
    if lines[-1] == '':
        lines.pop()
    cnt = '1' if len(lines) == 1 else '1,%d' % len(lines)
    return head + '--- /dev/null\n+++ b/%s\n@@ -0,0 +%s @@\n' % (dst, cnt) + \
        '\n'.join('+' + l for l in lines) + tail + '\n'


def change_diff(dst, old, new):
    d = list(difflib.unified_diff(old.splitlines(True), new.splitlines(True),
                                  'a/' + dst, 'b/' + dst))
    if not d:
        return ''
    return 'diff --git a/%s b/%s\n' % (dst, dst) + ''.join(d)


def diffstat(diff):
    rows, cur = [], None
    old = new = 0
    for line in diff.split('\n'):
        if line.startswith('diff --git '):
            cur = [line.split(' b/', 1)[1], 0, 0]
            rows.append(cur)
            old = new = 0
        elif old <= 0 and new <= 0:
            m = re.match(r'^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@', line)
            if m:
                old = int(m.group(1) or 1)
                new = int(m.group(2) or 1)
        elif line.startswith('+'):
            cur[1] += 1
            new -= 1
        elif line.startswith('-'):
            cur[2] += 1
            old -= 1
        elif not line.startswith('\\'):
            old -= 1
            new -= 1
    if not rows:
        return ''
    width = max(len(r[0]) for r in rows)
    out = [' %-*s | %5d %s' % (width, f, a + d, '+' * min(a, 20) + '-' * min(d, 20))
           for f, a, d in rows]
    add, rem = sum(r[1] for r in rows), sum(r[2] for r in rows)
    out.append(' %d file%s changed, %d insertion%s(+), %d deletion%s(-)' % (
        len(rows), 's'[:len(rows) != 1], add, 's'[:add != 1], rem, 's'[:rem != 1]))
    return '\n'.join(out) + '\n'


def slug(subject):
    return re.sub(r'[^A-Za-z0-9_.]+', '-', subject).strip('-.')[:52].rstrip('-.')


def generate(base, entries=None):
    """[(entry, diff)] of the base."""
    entries = [e for e in (entries or parse()) if e.on(base)]
    every = set(e.name for e in parse())
    have, res, live = set(), [], {}
    for e in entries:
        have.add(e.name)
        diff = e.hook(base)
        if diff and not diff.endswith('\n'):
            diff += '\n'
        if 'XFS_DM_BASE' in diff:
            raise QueueError('patches/%s/%s.patch: XFS_DM_BASE in a hook' % (base, e.name))
        for dst in list(live):
            raw, old, marks = live[dst]
            if e.name in marks:
                new = unifdef(grown(raw, have, every, dst), base, dst)
                diff += change_diff(dst, old, new)
                live[dst] = (raw, new, marks)
        for src, dst in e.files(base):
            path = os.path.join(TOP, src)
            try:
                with open(path, encoding='utf-8') as f:
                    raw = f.read()
            except FileNotFoundError:
                raise QueueError('[%s]: %s does not exist' % (e.name, src))
            if dst in live:
                raise QueueError('[%s]: %s is brought by an earlier entry' % (e.name, dst))
            text = unifdef(grown(raw, have, every, dst), base, dst)
            mode = '100755' if os.access(path, os.X_OK) else '100644'
            diff += new_file_diff(dst, text, mode)
            live[dst] = (raw, text, grow_marks(raw, every) - have)
        res.append((e, diff))
    return res


def render(e, diff, n, total, signoff):
    who = signoff or AUTHOR
    msg = e.message + '\n' if e.message else ''
    if signoff:
        last = msg.rstrip('\n').split('\n')[-1]
        if not re.match(r'^[A-Z][A-Za-z-]+: \S', last):
            msg += '\n'
        msg += 'Signed-off-by: %s\n' % signoff
    return ('From %s Mon Sep 17 00:00:00 2001\nFrom: %s\nDate: %s\n'
            'Subject: [PATCH %0*d/%d] %s\n\n%s---\n%s\n%s-- \nxfs-dmapi\n\n' % (
                '0' * 40, who, DATE, len(str(total)), n, total, e.subject,
                msg, diffstat(diff), diff))


def write_series(base, outdir, signoff=None):
    # An entry that brings nothing to this base yet is left out.
    gen = [(e, d) for e, d in generate(base) if d]
    os.makedirs(outdir, exist_ok=True)
    names, total = [], len(gen)
    for n, (e, diff) in enumerate(gen, 1):
        name = '%04d-%s.patch' % (n, slug(e.subject))
        text = render(e, diff, n, total, signoff)
        put(os.path.join(outdir, name), text)
        names.append(name)
    put(os.path.join(outdir, 'series'), ''.join(n + '\n' for n in names))
    put(os.path.join(outdir, '.names'), ''.join(
        '%s\t%s\n' % (f, e.name) for f, (e, _) in zip(names, gen)))
    for f in os.listdir(outdir):
        if f.endswith('.patch') and f not in names:
            os.unlink(os.path.join(outdir, f))
    return names


def put(path, text):
    data = text.encode('utf-8', 'surrogateescape')
    try:
        with open(path, 'rb') as f:
            if f.read() == data:
                return False
    except FileNotFoundError:
        pass
    tmp = path + '.tmp%d' % os.getpid()
    with open(tmp, 'wb') as f:
        f.write(data)
    os.rename(tmp, path)
    return True


def idents(diff):
    res = set()
    for line in diff.split('\n'):
        if line.startswith('+') and not line.startswith('+++'):
            res.update(re.findall(r'\b(?:xfs_)?(?:XFS_)?(?:dm|DM|dmapi|DMAPI)_\w+', line))
    return res


def parity():
    entries, bad, a, b = parse(), [], *BASES
    names = set(e.name for e in entries)
    for base in BASES:
        d = os.path.join(TOP, 'patches', base)
        for f in sorted(os.listdir(d)) if os.path.isdir(d) else []:
            if f.endswith('.patch') and f[:-6] not in names:
                bad.append('patches/%s/%s: no entry of that name in the queue' % (base, f))
    for e in entries:
        for base in BASES:
            if not e.on(base) and os.path.exists(e.hook_path(base)):
                bad.append('[%s]: not for %s, yet it has a hook patch there' % (e.name, base))
        if e.only:
            continue
        ha, hb = e.hook(a), e.hook(b)
        if bool(ha) != bool(hb):
            bad.append('[%s]: hooks on %s only' % (e.name, a if ha else b))
        elif not e.parity and idents(ha) != idents(hb):
            bad.append('[%s]: hooks name different things: %s' % (
                e.name, ', '.join(sorted(idents(ha) ^ idents(hb)))))
        if not ha and not hb and not e.rawfiles:
            bad.append('[%s]: brings nothing' % e.name)
    for line in bad:
        print('parity: ' + line)
    if not bad:
        print('parity: %d entries, the same hooks on %s' % (len(entries), ' and '.join(BASES)))
    return 1 if bad else 0


def main(argv):
    if not argv:
        sys.exit(__doc__)
    cmd = argv[0]
    if len(argv) > 1 and cmd in ('list', 'files', 'series') and argv[1] not in BASES:
        sys.exit('unknown base %s: one of %s' % (argv[1], ' '.join(BASES)))
    if cmd == 'bases':
        print(' '.join(BASES))
    elif cmd == 'list':
        for e in parse():
            if e.on(argv[1]):
                print(e.name)
    elif cmd == 'files':
        for e in parse():
            if e.on(argv[1]):
                for src, dst in e.files(argv[1]):
                    print('%s\t%s\t%s' % (src, dst, e.name))
    elif cmd == 'series':
        signoff = argv[4] if len(argv) > 4 and argv[3] == '--signoff' else None
        names = write_series(argv[1], argv[2], signoff or None)
        print('%s: %d patches in %s' % (argv[1], len(names), os.path.relpath(argv[2])))
    elif cmd == 'parity':
        return parity()
    else:
        sys.exit(__doc__)
    return 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except QueueError as err:
        sys.exit('queue: %s' % err)
