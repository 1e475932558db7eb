// SPDX-License-Identifier: GPL-2.0-only
/*
 * archive.c - the directory that is an archive
 *
 *	ARCHIVE/
 *	  xfs_hsm-archive		what makes the directory an archive; has
 *					its UUID, which every HSMID names
 *	  <file system id>/
 *	    <inode>.<generation>/
 *	      <version>.data		a plain copy of the file, holes and all
 *	      <version>.manifest	its checksums; there only once the copy
 *					is complete and on stable storage
 *	      .tmp-*			a copy being made, or one that was cut off
 *
 * Everything is named after the file system id, inode number and generation of
 * the file that was copied, which together are never used again for another.
 * A version is never overwritten: a file that is archived again gets the next.
 * The copy is the file: cp brings it back on a machine that has none of this.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "hsm.h"

#define IDENTITY	"xfs_hsm-archive"
#define IDENTITY_FORMAT	"xfs_hsm archive 1\nuuid %s\n"

void uuid_string(char buf[37], const unsigned char u[16])
{
	snprintf(buf, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4],
		 u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
		 u[14], u[15]);
}

int uuid_parse(unsigned char uuid[16], const char *s)
{
	char again[37];
	int n = 0;

	for (const char *p = s; n < 16; p += 2) {
		unsigned int byte;

		if (*p == '-')
			p++;
		if (sscanf(p, "%2x", &byte) != 1)
			return -1;
		uuid[n++] = (unsigned char)byte;
	}
	uuid_string(again, uuid);
	return strncasecmp(again, s, 36) ? -1 : 0;
}

static int identity_read(struct archive *a)
{
	char buf[128], want[128], uuid[37];
	ssize_t n;
	int fd;

	fd = openat(a->dirfd, IDENTITY, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n < 0)
		return -1;
	buf[n] = '\0';
	if (sscanf(buf, "xfs_hsm archive 1\nuuid %36s", uuid) == 1) {
		snprintf(want, sizeof(want), IDENTITY_FORMAT, uuid);
		if (!strcmp(buf, want) && !uuid_parse(a->uuid, uuid))
			return 0;
	}
	errno = EBADMSG;
	return -1;
}

/* Whoever links the name first wins; all then read the same identity. */
static int identity_create(struct archive *a)
{
	unsigned char u[16];
	char tmp[64], uuid[37];
	int fd, err = 0;

	if (getrandom(u, sizeof(u), 0) != sizeof(u))
		return -1;
	u[6] = (unsigned char)((u[6] & 0x0f) | 0x40);
	u[8] = (unsigned char)((u[8] & 0x3f) | 0x80);
	uuid_string(uuid, u);
	snprintf(tmp, sizeof(tmp), ".tmp-identity-%ld", (long)getpid());
	fd = openat(a->dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -1;
	if (dprintf(fd, IDENTITY_FORMAT, uuid) < 0 || fsync(fd) < 0)
		err = errno;
	if (close(fd) < 0 && !err)
		err = errno;
	if (!err && linkat(a->dirfd, tmp, a->dirfd, IDENTITY, 0) < 0 &&
	    errno != EEXIST)
		err = errno;
	unlinkat(a->dirfd, tmp, 0);
	if (!err && fsync(a->dirfd) < 0)
		err = errno;
	errno = err;
	return err ? -1 : 0;
}

/* 1: nothing in it but, perhaps, identities being made. */
static int is_empty(int dirfd)
{
	struct dirent *d;
	int empty = 1;
	DIR *dir;
	int fd;

	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -1;
	}
	while (empty && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") &&
		    strcmp(d->d_name, "lost+found") &&
		    strncmp(d->d_name, ".tmp-identity-", 14))
			empty = 0;
	closedir(dir);
	return empty;
}

/* Creates an archive only in an empty directory, and only if @create. */
int archive_open(struct archive *a, const char *path, bool create)
{
	a->path = path;
	a->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->dirfd < 0) {
		complain("archive %s: %m", path);
		return -1;
	}
	if (!identity_read(a))
		return 0;
	if (errno == ENOENT && create && is_empty(a->dirfd) == 1) {
		if (!identity_create(a) && !identity_read(a))
			return 0;
		complain("archive %s: cannot make it one: %m", path);
	} else if (errno == ENOENT && create) {
		complain("%s is no archive: it has no %s, and is not empty",
			 path, IDENTITY);
	} else if (errno == ENOENT) {
		complain("%s is no archive: it has no %s", path, IDENTITY);
	} else if (errno == EBADMSG) {
		complain("archive %s: %s does not read as it should", path,
			 IDENTITY);
	} else {
		complain("archive %s: %s: %m", path, IDENTITY);
	}
	archive_close(a);
	errno = ENOENT;
	return -1;
}

void archive_close(struct archive *a)
{
	if (a->dirfd >= 0)
		close(a->dirfd);
	a->dirfd = -1;
}

void archive_object_name(char name[OBJNAME_MAX], const struct objkey *key)
{
	snprintf(name, OBJNAME_MAX, "%016" PRIx64 "/%" PRIu64 ".%" PRIu32
		 "/%" PRIu32, key->fsid, key->ino, key->gen, key->version);
}

/* mkdir that is on stable storage when it returns. */
static int make_dir(int parent, const char *name)
{
	if (mkdirat(parent, name, 0700) < 0)
		return errno == EEXIST ? 0 : -1;
	return fsync(parent);
}

/* The directory that holds the versions of a file; the caller closes it. */
int archive_object_dir(struct archive *a, const struct objkey *key, bool create)
{
	char fs[32], file[48];
	int top, fd;

	snprintf(fs, sizeof(fs), "%016" PRIx64, key->fsid);
	snprintf(file, sizeof(file), "%" PRIu64 ".%" PRIu32, key->ino,
		 key->gen);
	if (create && make_dir(a->dirfd, fs) < 0)
		return -1;
	top = openat(a->dirfd, fs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -1;
	if (create && make_dir(top, file) < 0)
		fd = -1;
	else
		fd = openat(top, file, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(top);
	return fd;
}

/*
 * The newest version of a file that has a manifest, 0 if there is none.  The
 * number of one without (data alone, of a machine that died between the two)
 * is free to be used again.
 */
int archive_newest(struct archive *a, const struct objkey *key,
		   uint32_t *version)
{
	struct dirent *d;
	DIR *dir;
	int fd;

	*version = 0;
	fd = archive_object_dir(a, key, false);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -1;
	}
	errno = 0;
	while ((d = readdir(dir))) {
		unsigned long v;
		char *end;

		v = strtoul(d->d_name, &end, 10);
		if (end != d->d_name && !strcmp(end, ".manifest") &&
		    v <= UINT32_MAX && v > *version)
			*version = (uint32_t)v;
	}
	closedir(dir);
	return 0;
}
