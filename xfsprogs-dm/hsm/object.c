// SPDX-License-Identifier: GPL-2.0-only
/*
 * object.c - one archived copy of one file
 *
 * Writing: data goes to a temporary name, checksums are collected on the way,
 * then in this order: data synced, manifest written and synced, data renamed,
 * manifest renamed, directory synced.  An object exists if it has a manifest,
 * so whatever the machine dies in the middle of is not an object.
 *
 * Reading: by whole chunks, each checked against the manifest before a byte of
 * it is given to anybody.
 *
 * Locking: an open-file-description lock on a range of the data stands for the
 * same range of the file.  It excludes threads (each has the object open for
 * itself), processes and, if the archive's file system does, machines.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <dirent.h>

#include "hsm.h"

static int pread_full(int fd, void *buf, size_t len, uint64_t off)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done,
				  (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n) {
			errno = ENODATA;
			return -1;
		}
		done += (size_t)n;
	}
	return 0;
}

static int write_full(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static uint64_t chunks_of(const struct manifest *m)
{
	return m->size / m->chunk + (m->size % m->chunk ? 1 : 0);
}

/* --- Reading ------------------------------------------------------------ */

static const char *object_examine(struct archive *a, const struct objkey *key,
				  struct object *o)
{
	char text[MANIFEST_TEXT];
	const char *why;
	struct stat st;

	if (pread_full(o->mfd, text, sizeof(text), 0) < 0)
		return errno == ENODATA ? "is cut off" : strerror(errno);
	why = manifest_parse(&o->m, text);
	if (why)
		return why;
	if (memcmp(o->m.uuid, a->uuid, sizeof(a->uuid)))
		return "is of another archive";
	if (o->m.key.fsid != key->fsid || o->m.key.ino != key->ino ||
	    o->m.key.gen != key->gen || o->m.key.version != key->version)
		return "is of another object";
	if (fstat(o->mfd, &st) < 0)
		return strerror(errno);
	if ((uint64_t)st.st_size != MANIFEST_TEXT + 4 * chunks_of(&o->m))
		return "has a table of the wrong size";
	if (fstat(o->fd, &st) < 0)
		return strerror(errno);
	if ((uint64_t)st.st_size != o->m.size)
		return "says another size than its data has";
	return NULL;
}

/*
 * ENOENT: there is no such object.  EIO: there is something, but it is not
 * what it ought to be.
 */
int object_open(struct archive *a, const struct objkey *key, struct object *o)
{
	char path[OBJNAME_MAX + 16];
	const char *why;

	memset(o, 0, sizeof(*o));
	o->fd = o->mfd = -1;
	archive_object_name(o->name, key);
	snprintf(path, sizeof(path), "%s.manifest", o->name);
	o->mfd = openat(a->dirfd, path, O_RDONLY | O_CLOEXEC);
	if (o->mfd < 0) {
		complain("archive %s: %s: %m", a->path, path);
		return -1;
	}
	snprintf(path, sizeof(path), "%s.data", o->name);
	/* For writing, though nothing is written: a lock needs it. */
	o->fd = openat(a->dirfd, path, O_RDWR | O_CLOEXEC);
	if (o->fd < 0) {
		complain("archive %s: %s: %m", a->path, path);
		object_close(o);
		return -1;
	}
	why = object_examine(a, key, o);
	if (why) {
		complain("archive %s: %s.manifest %s", a->path, o->name, why);
		object_close(o);
		errno = EIO;
		return -1;
	}
	return 0;
}

void object_close(struct object *o)
{
	int saved = errno;

	if (o->fd >= 0)
		close(o->fd);
	if (o->mfd >= 0)
		close(o->mfd);
	o->fd = o->mfd = -1;
	errno = saved;
}

/*
 * Reads from @off, which begins a chunk, whole chunks or up to the end of the
 * copy: the bytes read, 0 at the end.  EIO if they are not what was written.
 */
ssize_t object_read(struct object *o, uint64_t off, size_t len, void *buf)
{
	uint32_t sums[BATCH / 4096];
	uint64_t first = off / o->m.chunk;
	size_t n;

	if (off % o->m.chunk || len > BATCH) {
		errno = EINVAL;
		return -1;
	}
	if (off >= o->m.size)
		return 0;
	len = (size_t)min_u64(len, o->m.size - off);
	if (off + len < o->m.size)
		len -= len % o->m.chunk;
	n = (len + o->m.chunk - 1) / o->m.chunk;
	if (!n || n > ARRAY_SIZE(sums)) {
		errno = EINVAL;
		return -1;
	}
	if (pread_full(o->mfd, sums, 4 * n, MANIFEST_TEXT + 4 * first) < 0 ||
	    pread_full(o->fd, buf, len, off) < 0) {
		complain("archive object %s: %m", o->name);
		errno = EIO;
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		size_t at = i * o->m.chunk;
		size_t size = (size_t)min_u64(o->m.chunk, len - at);

		if (crc32c(0, (char *)buf + at, size) != be32toh(sums[i])) {
			complain("archive object %s is damaged: %zu bytes at "
				 "%" PRIu64 " have the wrong checksum",
				 o->name, size, off + at);
			errno = EIO;
			return -1;
		}
	}
	return (ssize_t)len;
}

/* All of it, and the checksum of the checksums. */
int object_verify(struct object *o, struct progress *p)
{
	uint64_t chunks = chunks_of(&o->m);
	unsigned char *buf = malloc(BATCH);
	uint32_t crc = 0;
	int ret = -1;

	if (!buf)
		return -1;
	for (uint64_t at = 0; at < 4 * chunks; ) {
		size_t n = (size_t)min_u64(BATCH, 4 * chunks - at);

		if (pread_full(o->mfd, buf, n, MANIFEST_TEXT + at) < 0)
			goto out;
		crc = crc32c(crc, buf, n);
		at += n;
	}
	if (crc != o->m.table_crc) {
		complain("archive object %s: the table of checksums is damaged",
			 o->name);
		errno = EIO;
		goto out;
	}
	for (uint64_t at = 0; at < o->m.size; ) {
		ssize_t n = object_read(o, at, BATCH, buf);

		if (n <= 0)
			goto out;
		if (interrupted) {
			errno = EINTR;
			goto out;
		}
		at += (uint64_t)n;
		progress_add(p, (uint64_t)n);
	}
	ret = 0;
out:
	free(buf);
	return ret;
}

/* --- Locking ------------------------------------------------------------ */

static int lock_op(int fd, int cmd, short type, uint64_t off, uint64_t end)
{
	struct flock fl = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)off,
		/* 0 is to the end of the world */
		.l_len = end >= INT64_MAX ? 0 : (off_t)(end - off),
	};
	int ret;

	do {
		ret = fcntl(fd, cmd, &fl);
	} while (ret < 0 && errno == EINTR && !interrupted);
	return ret;
}

int object_lock(struct object *o, uint64_t off, uint64_t end)
{
	return lock_op(o->fd, F_OFD_SETLKW, F_WRLCK, off, end);
}

void object_unlock(struct object *o)
{
	lock_op(o->fd, F_OFD_SETLK, F_UNLCK, 0, FOREVER);
}

/* --- Writing ------------------------------------------------------------ */

/* What cut-off copies left behind; one that is being made is locked. */
static void sweep(int dirfd)
{
	struct dirent *d;
	DIR *dir;
	int fd;

	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	while ((d = readdir(dir))) {
		if (strncmp(d->d_name, ".tmp-", 5))
			continue;
		fd = openat(dirfd, d->d_name, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!lock_op(fd, F_OFD_SETLK, F_WRLCK, 0, FOREVER))
			unlinkat(dirfd, d->d_name, 0);
		close(fd);
	}
	closedir(dir);
}

int object_create(struct archive *a, const struct manifest *m,
		  struct objwriter *w)
{
	memset(w, 0, sizeof(*w));
	w->archive = a;
	w->m = *m;
	memcpy(w->m.uuid, a->uuid, sizeof(a->uuid));
	w->fd = -1;
	w->table = calloc(chunks_of(m) ? chunks_of(m) : 1, sizeof(uint32_t));
	w->dirfd = archive_object_dir(a, &m->key, true);
	if (!w->table || w->dirfd < 0)
		goto fail;
	sweep(w->dirfd);
	snprintf(w->tmp, sizeof(w->tmp), ".tmp-%" PRIu32 "-%ld",
		 m->key.version, (long)getpid());
	w->fd = openat(w->dirfd, w->tmp,
		       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w->fd < 0 || lock_op(w->fd, F_OFD_SETLK, F_WRLCK, 0, FOREVER) < 0)
		goto fail;
	return 0;
fail:
	complain("archive %s: cannot begin a copy: %m", a->path);
	object_abandon(w);
	return -1;
}

/* By whole chunks, but for the last piece. */
int object_append(struct objwriter *w, const void *buf, size_t len)
{
	static const unsigned char zeros[4096];
	const unsigned char *p = buf;

	while (len) {
		size_t n = (size_t)min_u64(len, w->m.chunk);
		bool empty = true;

		if (w->written + n > w->m.size ||
		    w->written % w->m.chunk) {
			errno = EINVAL;
			return -1;
		}
		w->table[w->chunks++] = htobe32(crc32c(0, p, n));
		for (size_t i = 0; empty && i < n; i += sizeof(zeros))
			empty = !memcmp(p + i, zeros, (size_t)
					min_u64(sizeof(zeros), n - i));
		if (empty) {		/* leave a hole */
			if (lseek(w->fd, (off_t)n, SEEK_CUR) < 0)
				return -1;
		} else if (write_full(w->fd, p, n) < 0) {
			return -1;
		}
		w->written += n;
		p += n;
		len -= n;
	}
	return 0;
}

static int manifest_write(struct objwriter *w, const char *tmp)
{
	char text[MANIFEST_TEXT];
	int fd, ret = -1;

	w->m.table_crc = crc32c(0, w->table, 4 * w->chunks);
	if (manifest_format(&w->m, text) < 0) {
		errno = EINVAL;
		return -1;
	}
	fd = openat(w->dirfd, tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (!write_full(fd, text, sizeof(text)) &&
	    !write_full(fd, w->table, 4 * w->chunks) && !fsync(fd))
		ret = 0;
	if (close(fd) < 0)
		ret = -1;
	return ret;
}

int object_commit(struct objwriter *w)
{
	char mtmp[80], name[48];
	int ret = -1;

	if (w->written != w->m.size) {
		errno = EINVAL;
		return -1;
	}
	snprintf(mtmp, sizeof(mtmp), "%s.manifest", w->tmp);
	if (ftruncate(w->fd, (off_t)w->m.size) < 0 || fsync(w->fd) < 0 ||
	    manifest_write(w, mtmp) < 0)
		goto out;
	snprintf(name, sizeof(name), "%" PRIu32 ".data", w->m.key.version);
	if (renameat(w->dirfd, w->tmp, w->dirfd, name) < 0)
		goto out;
	snprintf(name, sizeof(name), "%" PRIu32 ".manifest", w->m.key.version);
	if (renameat(w->dirfd, mtmp, w->dirfd, name) < 0)
		goto out;
	ret = fsync(w->dirfd);
out:
	if (ret < 0) {
		complain("archive %s: cannot keep the copy: %m",
			 w->archive->path);
		unlinkat(w->dirfd, mtmp, 0);
	}
	object_abandon(w);
	return ret;
}

/* Also the end of a writer whose temporary name is gone already. */
void object_abandon(struct objwriter *w)
{
	int saved = errno;

	if (w->fd >= 0) {
		unlinkat(w->dirfd, w->tmp, 0);
		close(w->fd);
	}
	if (w->dirfd >= 0)
		close(w->dirfd);
	free(w->table);
	w->fd = w->dirfd = -1;
	w->table = NULL;
	errno = saved;
}

/* The manifest first: an object without is none. */
int object_remove(struct archive *a, const struct objkey *key)
{
	char name[OBJNAME_MAX], path[OBJNAME_MAX + 16];

	archive_object_name(name, key);
	snprintf(path, sizeof(path), "%s.manifest", name);
	if (unlinkat(a->dirfd, path, 0) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s.data", name);
	return unlinkat(a->dirfd, path, 0);
}
