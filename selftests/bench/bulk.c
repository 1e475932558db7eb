// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to look at every inode
 *
 * The manager's scans beside what XFS has for programs without one: bulkstat,
 * and for the value of an attribute a call by handle for each inode.
 */
#include "bench.h"

#include <sys/ioctl.h>
#include <sys/xattr.h>

#define DIR_FILES	10000		/* files in a directory */
#define ROOM		(1 << 20)	/* bytes of records in a call */
#define NAME		"SGI_DMI_bench"
#define DM_NAME		"bench\0\0\0"
#define VALUE		40		/* bytes of it */

/* From fs/xfs/libxfs/xfs_fs.h, which is not among the exported headers. */
struct bulk_ireq {
	__u64		ino;
	__u32		flags;
	__u32		icount;
	__u32		ocount;
	__u32		agno;
	__u64		reserved[5];
};

struct bulkstat {
	__u64		ino;
	__u64		to_btime[7];
	__u32		gen;
	__u32		rest[31];
};

struct bulkstat_req {
	struct bulk_ireq hdr;
	struct bulkstat	stat[];
};

struct handlereq {
	__u32		fd;
	void		*path;
	__u32		oflags;
	void		*ihandle;
	__u32		ihandlen;
	void		*ohandle;
	__u32		*ohandlen;
};

struct attr_multiop {
	__u32		opcode;
	__s32		error;
	const void	*name;
	void		*value;
	__u32		length;
	__u32		flags;
};

struct attrmulti {
	struct handlereq hreq;
	__u32		opcount;
	struct attr_multiop *ops;
};

#define IOC_BULKSTAT	_IOR('X', 127, struct bulkstat_req)
#define IOC_ATTRMULTI	_IOW('X', 123, struct attrmulti)
#define ATTR_OP_GET	1
#define ATTR_ROOT	2

_Static_assert(sizeof(struct bulkstat) == 192, "bulkstat");

static char *room;

/* many DIR COUNT: so many files, each with a DM attribute. */
int bench_many(int argc, char **argv)
{
	char value[VALUE], path[PATH_MAX];
	unsigned int count, i;
	int dir = -1, fd;

	if (argc < 2)
		return 2;
	count = atoi(argv[1]);
	memset(value, 'v', sizeof(value));
	for (i = 0; i < count; i++) {
		if (i % DIR_FILES == 0) {
			snprintf(path, sizeof(path), "%s/%u", argv[0], i / DIR_FILES);
			if (dir >= 0)
				close(dir);
			if (mkdir(path, 0700) || (dir = open(path, O_RDONLY)) < 0)
				err(1, "%s", path);
		}
		snprintf(path, sizeof(path), "%u", i);
		fd = openat(dir, path, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || fsetxattr(fd, "trusted." NAME, value, VALUE, XATTR_CREATE))
			err(1, "%s", path);
		close(fd);
	}
	close(dir);
	sync();
	return 0;
}

/* One inode's attribute, by its handle. */
static void get_value(int fd, unsigned char *handle, const struct bulkstat *b)
{
	char value[VALUE];
	struct attr_multiop op = {
		.opcode = ATTR_OP_GET, .name = NAME, .value = value,
		.length = sizeof(value), .flags = ATTR_ROOT,
	};
	struct attrmulti a = {
		.hreq.ihandle = handle, .hreq.ihandlen = DMAPI_HANDLE_LEN,
		.opcount = 1, .ops = &op,
	};

	memcpy(handle + 12, &b->gen, sizeof(b->gen));
	memcpy(handle + 16, &b->ino, sizeof(b->ino));
	if (ioctl(fd, IOC_ATTRMULTI, &a))
		err(1, "attribute of inode %llu", b->ino);
}

/* Inodes a second; @handle: one of the file system, to ask for values as well. */
static double theirs(int fd, unsigned char *handle, unsigned int least)
{
	struct bulkstat_req *req = (void *)room;
	unsigned int n = 0, i;
	double t = bench_now();

	memset(&req->hdr, 0, sizeof(req->hdr));
	for (;;) {
		req->hdr.icount = (ROOM - sizeof(*req)) / sizeof(req->stat[0]);
		if (ioctl(fd, IOC_BULKSTAT, req))
			err(1, "bulkstat");
		if (!req->hdr.ocount)
			break;
		n += req->hdr.ocount;
		for (i = 0; handle && i < req->hdr.ocount; i++)
			get_value(fd, handle, &req->stat[i]);
	}
	t = bench_now() - t;
	if (n < least)
		errx(1, "bulkstat: %u inodes", n);
	return n * 1e9 / t;
}

static double ours(unsigned int op, const struct dmapi_object *fs, unsigned int least)
{
	const char *name = op == DMAPI_GET_BULKALL ? DM_NAME : NULL;
	unsigned int n = 0;
	double t = bench_now();
	__s64 loc = 0;
	__u64 len;
	long ret;

	do {
		struct dmapi_stat *st = (void *)room;

		ret = dmapi_get_bulk(op, fs, DMAPI_AT_HANDLE | DMAPI_AT_STAT, name,
				     &loc, ROOM, room, &len);
		if (ret < 0)
			errx(1, "scan: %s", strerror(-ret));
		for (n += !!len; len && st->link; n++)
			st = (void *)((char *)st + st->link);
	} while (ret);
	t = bench_now() - t;
	if (n < least)
		errx(1, "scan: %u inodes", n);
	return n * 1e9 / t;
}

/* bulk DIR COUNT: each scan once, of a file system with so many inodes or more. */
int bench_bulk(int argc, char **argv)
{
	struct dmapi_object o;
	unsigned char handle[DMAPI_HANDLE_LEN];
	unsigned int least, first, k;
	double a = 0, b = 0, c = 0, d = 0;
	__s32 sid;
	int fd;

	if (argc < 2)
		return 2;
	least = atoi(argv[1]);
	fd = open(argv[0], O_RDONLY);
	if (fd < 0)
		err(1, "%s", argv[0]);
	room = bench_alloc(ROOM);
	sid = bench_session("bulk");
	o = bench_object(argv[0], sid);
	memcpy(handle, (void *)(uintptr_t)o.hanp, sizeof(handle));
	o.hlen = DMAPI_FSHANDLE_LEN;
	/* Each goes first every other time, more or less. */
	first = getpid();
	for (k = 0; k < 2; k++) {
		if ((first + k) % 2)
			a = ours(DMAPI_GET_BULKATTR, &o, least);
		else
			b = theirs(fd, NULL, least);
	}
	for (k = 0; k < 2; k++) {
		if ((first + k) % 2)
			c = ours(DMAPI_GET_BULKALL, &o, least);
		else
			d = theirs(fd, handle, least);
	}
	bench_print("attr_ours", a, "inode/s");
	bench_print("attr_theirs", b, "inode/s");
	bench_print("all_ours", c, "inode/s");
	bench_print("all_theirs", d, "inode/s");
	bench_session_end(sid);
	close(fd);
	return 0;
}
