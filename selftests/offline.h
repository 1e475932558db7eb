/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of which a part is offline, and every way to get at their bytes
 *
 * A model file has the bytes of dm_pat() where it holds data.  Its model says
 * for each KiB whether it is resident, offline or an honest zero.  Whatever a
 * test does, model_verify() looks at all of it afterwards, through the page
 * cache, past it, and mapped: right data or an error, and never a zero for a
 * byte that is offline.
 */
#ifndef DMAPI_TEST_OFFLINE_H
#define DMAPI_TEST_OFFLINE_H

#include <endian.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "common.h"

#define KIB		1024
#define GRAIN		(64 * KIB)
#define MODEL_MAX	4200		/* KiB */
#define POISON		0xfe		/* what a buffer holds before a read */

#define RECORD_NAME	"trusted.XDSM_RECORD"

enum unit { RESIDENT, OFFLINE, ZEROS };

/**
 * struct model - what a file must look like
 * @size: of the file, bytes
 * @unit: for each KiB, enum unit
 */
struct model {
	off_t size;
	unsigned char unit[MODEL_MAX];
};

struct span {
	uint64_t start;
	uint64_t end;
};

struct armed {
	uint64_t offset;
	uint64_t size;
	uint32_t flags;
};

static inline void model_set(struct model *m, off_t start, off_t end, int unit)
{
	for (off_t u = start / KIB; u < (end + KIB - 1) / KIB && u < MODEL_MAX; u++)
		m->unit[u] = unit;
}

static inline int model_unit(const struct model *m, off_t pos)
{
	return m->unit[pos / KIB];
}

/* How many bytes from @pos on, at most @len, are not offline? */
static inline size_t model_clear(const struct model *m, off_t pos, size_t len)
{
	size_t n = 0;

	while (n < len && pos + (off_t)n < m->size &&
	       model_unit(m, pos + n) != OFFLINE)
		n++;
	return n;
}

/*
 * Judge what a read of [pos, pos + len) put into @buf, which was all POISON:
 * @n is bytes or a negated errno.  NULL if it may be, or what is wrong.
 */
static inline const char *model_judge(const struct model *m,
				      const unsigned char *buf, off_t pos,
				      size_t len, ssize_t n)
{
	static char why[120];
	size_t clear = model_clear(m, pos, len);
	size_t room = pos >= m->size ? 0 : (size_t)(m->size - pos);

	if (room > len)
		room = len;
	if (n > (ssize_t)clear) {
		snprintf(why, sizeof(why), "%zd bytes at %lld, the one at %lld is offline",
			 n, (long long)pos, (long long)(pos + clear));
		return why;
	}
	if (n == 0 && room) {
		snprintf(why, sizeof(why), "end of file at %lld", (long long)pos);
		return why;
	}
	if (n < 0 && clear == room) {
		snprintf(why, sizeof(why), "resident bytes at %lld: %s",
			 (long long)pos, strerror(-n));
		return why;
	}
	for (size_t i = 0; i < room; i++) {
		int unit = model_unit(m, pos + i);
		int want = unit == ZEROS ? 0 : dm_pat(pos + i, DM_SEED);

		if (unit == OFFLINE && buf[i] != POISON) {
			snprintf(why, sizeof(why), "offline byte %lld was given as 0x%02x",
				 (long long)(pos + i), buf[i]);
			return why;
		}
		if ((ssize_t)i < n && buf[i] != want) {
			snprintf(why, sizeof(why), "byte %lld is 0x%02x, not 0x%02x",
				 (long long)(pos + i), buf[i], want);
			return why;
		}
	}
	return NULL;
}

/* A buffer for direct I/O, all POISON. */
static inline unsigned char *poisoned(size_t len)
{
	void *p;

	if (posix_memalign(&p, 65536, len ? len : 1))
		abort();
	memset(p, POISON, len);
	return p;
}

/* Results as bytes or a negated errno. */
static inline ssize_t neg(ssize_t n)
{
	return n < 0 ? -errno : n;
}

/* --- Touching memory that may not be there ------------------------------- */

static sigjmp_buf touch_env;

static inline void touch_fault(int sig)
{
	(void)sig;
	siglongjmp(touch_env, 1);
}

/* Copy @len bytes page by page; short if one raises SIGBUS. */
static inline ssize_t touch_copy(void *to, const void *from, size_t len)
{
	struct sigaction sa = { .sa_handler = touch_fault }, old;
	volatile size_t done = 0;

	sigaction(SIGBUS, &sa, &old);
	if (!sigsetjmp(touch_env, 1)) {
		while (done < len) {
			size_t n = 4096 - ((uintptr_t)from + done) % 4096;

			if (n > len - done)
				n = len - done;
			memcpy((char *)to + done, (const char *)from + done, n);
			done += n;
		}
	}
	sigaction(SIGBUS, &old, NULL);
	return done ? (ssize_t)done : len ? -EFAULT : 0;
}

/* Read through a mapping. */
static inline ssize_t map_read(int fd, void *buf, off_t pos, size_t len,
			       int prot, int flags, off_t size)
{
	off_t first = pos & ~4095LL;
	size_t n = len + (pos - first);
	ssize_t ret;
	char *p;

	if (pos >= size)
		return 0;
	if (len > (size_t)(size - pos)) {
		len = size - pos;
		n = len + (pos - first);
	}
	p = mmap(NULL, n, prot, flags, fd, first);
	if (p == MAP_FAILED)
		return -errno;
	ret = touch_copy(buf, p + (pos - first), len);
	munmap(p, n);
	return ret;
}

/* Is the page that holds @pos resident in all its bytes? */
static inline bool model_page_clear(const struct model *m, off_t pos)
{
	off_t first = pos & ~4095LL;
	size_t n = m->size - first < 4096 ? m->size - first : 4096;

	return model_clear(m, first, n) == n;
}

/* Where the pages that are like the one at @pos, resident or not, end. */
static inline off_t model_page_run(const struct model *m, off_t pos)
{
	bool clear = model_page_clear(m, pos);

	do
		pos += 4096;
	while (pos < m->size && model_page_clear(m, pos) == clear);
	return pos;
}

/* Pages that are all resident, or none of which is as a whole. */
static inline const char *model_verify_mapped(const struct model *m, int fd,
					      off_t pos, off_t end)
{
	size_t len = end - pos;
	unsigned char *buf = poisoned(len);
	ssize_t n = map_read(fd, buf, pos, len, PROT_READ, MAP_SHARED, m->size);
	const char *why = NULL;

	if (n >= 0 || model_page_clear(m, pos))
		why = model_judge(m, buf, pos, len, n);
	free(buf);
	return why;
}

/**
 * model_verify() - look at every KiB of a file
 * @m: what it must look like
 * @path: the file
 *
 * Return: NULL, or what is wrong.
 */
static inline const char *model_verify(const struct model *m, const char *path)
{
	static char what[200];
	const char *why = NULL, *how = "?";
	unsigned char *buf = poisoned(4096);
	struct stat st;
	int fd = open(path, O_RDONLY), dfd = open(path, O_RDONLY | O_DIRECT);
	ssize_t n;

	if (fd < 0 || dfd < 0 || fstat(fd, &st)) {
		why = strerror(errno);
		how = "open";
		goto out;
	}
	if (st.st_size != m->size) {
		snprintf(what, sizeof(what), "size is %lld, not %lld",
			 (long long)st.st_size, (long long)m->size);
		why = what;
		goto out_close;
	}
	for (off_t pos = 0, end; pos < m->size && !why; pos = end) {
		how = "mapped";
		end = model_page_run(m, pos);
		why = model_verify_mapped(m, fd, pos, end);
		if (!why && !model_page_clear(m, pos))
			why = model_verify_mapped(m, fd, pos, pos + 4096);
	}
	for (off_t pos = 0; pos < m->size && !why; pos += 4096) {
		size_t len = m->size - pos < 4096 ? m->size - pos : 4096;
		size_t piece = model_page_clear(m, pos) ? 4096 : KIB;

		how = "pread";
		for (size_t i = 0; i < len && !why; i += piece) {
			size_t l = len - i < piece ? len - i : piece;

			memset(buf, POISON, 4096);
			n = neg(pread(fd, buf, l, pos + i));
			why = model_judge(m, buf, pos + i, l, n);
			if (!why && n < 0 && n != -EIO)
				why = strerror(-n);
		}
		if (why)
			break;

		how = "direct";
		memset(buf, POISON, 4096);
		n = neg(pread(dfd, buf, 4096, pos));
		why = model_judge(m, buf, pos, 4096, n);
		if (!why && n < 0 && n != -EIO)
			why = strerror(-n);
	}
out_close:
	close(fd);
	close(dfd);
out:
	free(buf);
	if (why && why != what) {
		char tmp[160];

		snprintf(tmp, sizeof(tmp), "%s", why);
		snprintf(what, sizeof(what), "%s: %s", how, tmp);
		why = what;
	}
	return why;
}

/* Write what is resident in @m to @fd; offline and zero units stay holes. */
static inline int model_write(const struct model *m, int fd, bool all)
{
	unsigned char buf[KIB];

	for (off_t pos = 0; pos < m->size; pos += KIB) {
		size_t len = m->size - pos < KIB ? m->size - pos : KIB;

		if (model_unit(m, pos) == ZEROS ||
		    (model_unit(m, pos) == OFFLINE && !all))
			continue;
		dm_fill(buf, pos, len, DM_SEED);
		if (pwrite(fd, buf, len, pos) != (ssize_t)len)
			return -1;
	}
	return ftruncate(fd, m->size) ? -1 : fsync(fd);
}

/* --- The record ----------------------------------------------------------- */

struct record {
	size_t len;
	unsigned char bytes[24 + 8 * 24 + 64 * 16];
};

/* As fs/xfs/dmapi/xfs_dm_record.c has it. */
static inline struct record record_make(const struct armed *r, unsigned int nr,
					const struct span *s, unsigned int ns)
{
	struct record rec = { 0 };
	unsigned char *p = rec.bytes;
	uint32_t v32;
	uint64_t v64;
	uint16_t v16;

#define PUT(v, x) (v = (x), memcpy(p, &v, sizeof(v)), p += sizeof(v))
	PUT(v32, htobe32(0x5844534d));
	PUT(v16, htobe16(1));
	PUT(v16, 0);
	PUT(v32, htobe32(nr));
	PUT(v32, htobe32(ns));
	PUT(v64, 0);
	for (unsigned int i = 0; i < nr; i++) {
		PUT(v64, htobe64(r[i].offset));
		PUT(v64, htobe64(r[i].size));
		PUT(v32, htobe32(r[i].flags));
		PUT(v32, 0);
	}
	for (unsigned int i = 0; i < ns; i++) {
		PUT(v64, htobe64(s[i].start));
		PUT(v64, htobe64(s[i].end));
	}
#undef PUT
	rec.len = p - rec.bytes;
	return rec;
}

static inline int record_set(const char *path, const struct record *rec,
			     int flags)
{
	return setxattr(path, RECORD_NAME, rec->bytes, rec->len, flags);
}

/* A record whose spans are what is offline in @m. */
static inline struct record record_of(const struct model *m)
{
	struct span s[64];
	unsigned int n = 0;
	off_t units = (m->size + KIB - 1) / KIB;

	for (off_t u = 0; u < units; u++) {
		if (m->unit[u] != OFFLINE)
			continue;
		if (!u || m->unit[u - 1] != OFFLINE)
			s[n++].start = u * KIB;
		s[n - 1].end = (u + 1) * KIB;
	}
	return record_make(NULL, 0, s, n);
}

/* --- bulkstat ------------------------------------------------------------- */

/* As in xfs_fs.h, which need not be installed. */
struct bstime {
	long	sec;
	int32_t	nsec;
};

struct bstat {
	uint64_t	ino;
	uint16_t	mode, nlink;
	uint32_t	uid, gid, rdev;
	int32_t		blksize;
	int64_t		size;
	struct bstime	atime, mtime, ctime;
	int64_t		blocks;
	uint32_t	xflags;
	int32_t		extsize, extents;
	uint32_t	gen;
	uint16_t	projid_lo, forkoff, projid_hi, sick, checked;
	unsigned char	pad[2];
	uint32_t	cowextsize, dmevmask;
	uint16_t	dmstate, aextents;
};

struct bulkreq {
	uint64_t	*lastip;
	int32_t		icount;
	void		*ubuffer;
	int32_t		*ocount;
};

#define FSBULKSTAT_SINGLE	_IOWR('X', 102, struct bulkreq)

static inline long bulkstat(const char *dir, const char *path, struct bstat *b)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct stat st;
	struct bulkreq r = { .icount = 1, .ubuffer = b };
	uint64_t ino;
	int32_t n;
	long ret;

	if (fd < 0 || stat(path, &st))
		return -errno;
	ino = st.st_ino;
	r.lastip = &ino;
	r.ocount = &n;
	ret = ioctl(fd, FSBULKSTAT_SINGLE, &r) ? -errno : 0;
	close(fd);
	return ret ? ret : b->ino == st.st_ino ? 0 : -EILSEQ;
}

/* --- io_uring and aio by hand --------------------------------------------- */

struct ring {
	int fd;
	struct io_uring_params p;
	unsigned char *sq, *cq;
	struct io_uring_sqe *sqe;
};

static inline int ring_init(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(__NR_io_uring_setup, 8, &r->p);
	if (r->fd < 0)
		return -errno;
	r->sq = mmap(NULL, r->p.sq_off.array + r->p.sq_entries * 4,
		     PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->p.cq_off.cqes +
		     r->p.cq_entries * sizeof(struct io_uring_cqe),
		     PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqe = mmap(NULL, r->p.sq_entries * sizeof(*r->sqe),
		      PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
	return 0;
}

static inline void ring_exit(struct ring *r)
{
	close(r->fd);
}

static inline int ring_submit(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int *tail = (unsigned int *)(r->sq + r->p.sq_off.tail);
	unsigned int mask = *(unsigned int *)(r->sq + r->p.sq_off.ring_mask);
	unsigned int *array = (unsigned int *)(r->sq + r->p.sq_off.array);
	unsigned int i = *tail & mask;

	r->sqe[i] = *sqe;
	array[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return neg(syscall(__NR_io_uring_enter, r->fd, 1, 0, 0, NULL, 0));
}

/* The next result; negated errno of the request, too. */
static inline int ring_wait(struct ring *r)
{
	unsigned int *head = (unsigned int *)(r->cq + r->p.cq_off.head);
	unsigned int *tail = (unsigned int *)(r->cq + r->p.cq_off.tail);
	unsigned int mask = *(unsigned int *)(r->cq + r->p.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(r->cq + r->p.cq_off.cqes);
	int res;

	while (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE)) {
		if (syscall(__NR_io_uring_enter, r->fd, 0, 1,
			    IORING_ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
			return -errno;
	}
	res = cqes[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

/* One request, in a ring of its own. */
static inline long ring_one(const struct io_uring_sqe *sqe)
{
	struct ring r;
	long ret = ring_init(&r);

	if (ret)
		return ret;
	ret = ring_submit(&r, sqe) == 1 ? ring_wait(&r) : -EIO;
	ring_exit(&r);
	return ret;
}

static inline ssize_t ring_rw(int op, int fd, void *buf, off_t pos, size_t len,
			      bool fixed, int rw_flags)
{
	struct iovec iov = { buf, len };
	struct io_uring_sqe sqe = {
		.opcode = op, .fd = fd, .off = pos, .addr = (uintptr_t)buf,
		.len = len, .rw_flags = rw_flags,
	};
	struct ring r;
	int ret = ring_init(&r);

	if (ret)
		return ret;
	if (fixed && syscall(__NR_io_uring_register, r.fd,
			     IORING_REGISTER_BUFFERS, &iov, 1)) {
		ret = -errno;
		goto out;
	}
	ret = ring_submit(&r, &sqe);
	if (ret == 1)
		ret = ring_wait(&r);
out:
	ring_exit(&r);
	return ret;
}

static inline ssize_t aio_rw(int op, int fd, void *buf, off_t pos, size_t len)
{
	static aio_context_t ctx;	/* to destroy one takes long */
	struct iocb cb = {
		.aio_lio_opcode = op, .aio_fildes = fd,
		.aio_buf = (uintptr_t)buf, .aio_nbytes = len, .aio_offset = pos,
	};
	struct iocb *list = &cb;
	struct io_event ev;
	ssize_t ret;

	if (!ctx && syscall(__NR_io_setup, 1, &ctx))
		return -errno;
	ret = neg(syscall(__NR_io_submit, ctx, 1, &list));
	if (ret == 1) {
		ret = neg(syscall(__NR_io_getevents, ctx, 1, 1, &ev, NULL));
		if (ret == 1)
			ret = ev.res;
	}
	return ret;
}

/* --- Odds and ends --------------------------------------------------------- */

static inline const char *env_need(const char *name)
{
	const char *v = getenv(name);

	if (!v || !*v) {
		printf("1..0 # SKIP %s is not set: run under scripts/vm\n", name);
		exit(4);
	}
	return v;
}

static inline int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline int run(const char *fmt, ...)
{
	char cmd[1000];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	rc = system(cmd);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : 128;
}

/* Set a file of a mount's directory in sysfs; the mount is not DM_MNT. */
static inline int policy_set(const char *dir, const char *name,
			     const char *value)
{
	char path[100], real[200];
	struct stat st;
	ssize_t n;
	int fd, ret;

	if (stat(dir, &st))
		return -1;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev),
		 minor(st.st_dev));
	n = readlink(path, real, sizeof(real) - 1);
	if (n < 0)
		return -1;
	real[n] = 0;
	snprintf(path, sizeof(path), "/sys/fs/xfs/%.40s/dmapi/%s",
		 strrchr(real, '/') + 1, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	ret = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
	close(fd);
	return ret;
}

#endif /* DMAPI_TEST_OFFLINE_H */
