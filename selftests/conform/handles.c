// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles: made, taken apart, and what they lead to
 */
#include <linux/capability.h>
#include <sys/socket.h>

#include "conform.h"

/* --- From paths and descriptors -------------------------------------------- */

static void a_path(struct call *c)
{
	strcpy(c->p[0], w.path);
}

FUNC(dm_path_to_handle, CALL, "path:i hanpp:o hlenp:o",
     dm_path_to_handle(c->p[0], c->p[1], c->p[2]), .prepare = a_path)
FUNC(dm_path_to_fshandle, CALL, "path:i hanpp:o hlenp:o",
     dm_path_to_fshandle(c->p[0], c->p[1], c->p[2]), .prepare = a_path)

typedef int path_fn(char *path, void **hanpp, size_t *hlenp);

/* What is wrong with paths is the same for both. */
static void bad_paths(path_fn *fn, int want)
{
	static char name[300], path[5000];
	void *p = (void *)7;
	size_t len = 7;

	memset(name, 'n', sizeof(name) - 1);
	memset(path, '/', sizeof(path) - 1);
	switch (want) {
	case ENXIO:
		ERR(ENXIO, fn("/proc/self/status", &p, &len));
		ERR(ENXIO, fn("/dev/null", &p, &len));
		break;
	case ENOENT:
		ERR(ENOENT, fn((char *)in_dir("nothing"), &p, &len));
		ERR(ENOENT, fn("", &p, &len));
		break;
	case ENOTDIR:
		ERR(ENOTDIR, fn((char *)in_dir("file/x"), &p, &len));
		break;
	case ENAMETOOLONG:
		ERR(ENAMETOOLONG, fn((char *)in_dir(name), &p, &len));
		ERR(ENAMETOOLONG, fn(path, &p, &len));
		break;
	case ELOOP:
		NEED_OK(symlink("loop", in_dir("loop")));
		ERR(ELOOP, fn((char *)in_dir("loop/x"), &p, &len));
		break;
	case EACCES:
		NEED_OK(mkdir(in_dir("private"), 0700));
		NEED_OK(chown(in_dir("private"), 1000, 1000));
		NEED_OK(chmod(in_dir("private"), 0));
		drop_cap(CAP_DAC_OVERRIDE);
		drop_cap(CAP_DAC_READ_SEARCH);
		ERR(EACCES, fn((char *)in_dir("private/x"), &p, &len));
		raise_caps();
		break;
	}
	THAT(p == (void *)7 && len == 7);
}

#define BAD_PATH(e)							\
CASE(dm_path_to_handle, e##_path) { bad_paths(dm_path_to_handle, e); }	\
CASE(dm_path_to_fshandle, e##_path) { bad_paths(dm_path_to_fshandle, e); }

BAD_PATH(ENXIO)
BAD_PATH(ENOENT)
BAD_PATH(ENOTDIR)
BAD_PATH(ENAMETOOLONG)
BAD_PATH(ELOOP)
BAD_PATH(EACCES)

CASE(dm_path_to_handle, ok_link_not_followed)
{
	struct stat st;
	dm_ino_t ino = 0;

	NEED_OK(symlink("file", in_dir("to_file")));
	NEED_OK(lstat(in_dir("to_file"), &st));
	OK(dm_handle_to_ino(H(handle_of(in_dir("to_file"))), &ino));
	THAT(ino == st.st_ino);
}

CASE(dm_path_to_handle, ok_one_object_one_handle)
{
	struct handle h;

	NEED_OK(link(w.path, in_dir("hard")));
	h = handle_of(in_dir("hard"));
	THAT(h.len == sizeof(dm_handle_t));
	THAT(!dm_handle_cmp(H(h), H(w.file)));
	THAT(dm_handle_cmp(H(h), H(w.dirh)));
	dm_handle_free(H(h));
}

CASE(dm_path_to_fshandle, ok_link_followed)
{
	void *p;
	size_t len;

	NEED_OK(symlink("/proc/self", in_dir("away")));
	ERR(ENXIO, dm_path_to_fshandle((char *)in_dir("away"), &p, &len));
	NEED_OK(dm_path_to_fshandle(w.dir, &p, &len));
	THAT(len == DM_FSHSIZE && !dm_handle_cmp(p, len, H(w.fs)));
}

FUNC(dm_fd_to_handle, CALL, "hanpp:o hlenp:o",
     ({ int fd = open(w.dir[0] ? w.dir : "/", O_RDONLY | O_CLOEXEC), e;
	long ret = dm_fd_to_handle(fd, c->p[0], c->p[1]);

	e = errno;
	close(fd);
	errno = e;
	ret; }))

CASE(dm_fd_to_handle, ok_the_same)
{
	int fd = open(w.path, O_RDONLY | O_CLOEXEC), fd2;
	void *p;
	size_t len;

	NEED_OK(dm_fd_to_handle(fd, &p, &len));
	THAT(!dm_handle_cmp(p, len, H(w.file)));
	fd2 = open(in_dir("link"), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	NEED_OK(dm_fd_to_handle(fd2, &p, &len));
	THAT(!dm_handle_cmp(p, len, H(w.link)));
}

CASE(dm_fd_to_handle, EBADF_fd)
{
	void *p = (void *)7;
	size_t len = 7;

	ERR(EBADF, dm_fd_to_handle(-1, &p, &len));
	ERR(EBADF, dm_fd_to_handle(999, &p, &len));
	THAT(p == (void *)7 && len == 7);
}

CASE(dm_fd_to_handle, ENXIO_elsewhere)
{
	int fd[2], dev = open("/dev/null", O_RDWR | O_CLOEXEC);
	void *p;
	size_t len;

	ERR(ENXIO, dm_fd_to_handle(dev, &p, &len));
	NEED_OK(pipe(fd));
	ERR(ENXIO, dm_fd_to_handle(fd[0], &p, &len));
	NEED_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	ERR(ENXIO, dm_fd_to_handle(fd[0], &p, &len));
}

/* --- What the library does by itself ----------------------------------------- */

#define EBADF_LENGTHS(expr)						\
	do {								\
		static const size_t lens[] = { 0, 1, 7, 9, 23, 25, 56 };	\
		dm_handle_t bad;					\
		char buf[56] = { };					\
		unsigned int i;						\
		void *hanp = buf;					\
		size_t hlen;						\
									\
		memcpy(buf, w.file.p, w.file.len);			\
		for (i = 0; i < ARRAY_SIZE(lens); i++) {		\
			hlen = lens[i];					\
			ERR(EBADF, expr);				\
		}							\
		hanp = DM_GLOBAL_HANP;					\
		hlen = DM_GLOBAL_HLEN;					\
		ERR(EBADF, expr);					\
		memcpy(&bad, w.file.p, sizeof(bad));			\
		bad.ha_fid.dm_fid_len++;				\
		hanp = &bad;						\
		hlen = sizeof(bad);					\
		ERR(EBADF, expr);					\
		bad.ha_fid.dm_fid_len--;				\
		bad.ha_fid.dm_fid_pad++;				\
		ERR(EBADF, expr);					\
	} while (0)

static void a_handle(struct call *c)
{
	memcpy(c->p[0], w.file.p, w.file.len);
}

FUNC(dm_handle_to_fshandle, 0, "hanp:i fshanpp:o fshlenp:o",
     dm_handle_to_fshandle(c->p[0], sizeof(dm_handle_t), c->p[1], c->p[2]),
     .prepare = a_handle)
FUNC(dm_handle_to_fsid, 0, "hanp:i fsidp:o",
     dm_handle_to_fsid(c->p[0], sizeof(dm_handle_t), c->p[1]),
     .prepare = a_handle)
FUNC(dm_handle_to_ino, 0, "hanp:i inop:o",
     dm_handle_to_ino(c->p[0], sizeof(dm_handle_t), c->p[1]),
     .prepare = a_handle)
FUNC(dm_handle_to_igen, 0, "hanp:i igenp:o",
     dm_handle_to_igen(c->p[0], sizeof(dm_handle_t), c->p[1]),
     .prepare = a_handle)

CASE(dm_handle_to_fshandle, ok_both_kinds)
{
	void *p;
	size_t len;

	NEED_OK(dm_handle_to_fshandle(H(w.file), &p, &len));
	THAT(len == DM_FSHSIZE && !dm_handle_cmp(p, len, H(w.fs)));
	NEED_OK(dm_handle_to_fshandle(H(w.fs), &p, &len));
	THAT(!dm_handle_cmp(p, len, H(w.fs)));
	/* Whether the object exists is not looked at. */
	OK(dm_handle_to_fshandle(H(w.gone), &p, &len));
}

CASE(dm_handle_to_fshandle, EBADF_form)
{
	void *p = (void *)7;
	size_t len = 7;

	EBADF_LENGTHS(dm_handle_to_fshandle(hanp, hlen, &p, &len));
	THAT(p == (void *)7 && len == 7);
}

CASE(dm_handle_to_fsid, ok_both_kinds)
{
	dm_fsid_t a = 0, b = 1;

	OK(dm_handle_to_fsid(H(w.file), &a));
	OK(dm_handle_to_fsid(H(w.fs), &b));
	THAT(a == b && a);
}

CASE(dm_handle_to_fsid, EBADF_form)
{
	dm_fsid_t id = 7;

	EBADF_LENGTHS(dm_handle_to_fsid(hanp, hlen, &id));
	THAT(id == 7);
}

CASE(dm_handle_to_ino, ok_inode)
{
	dm_ino_t ino = 0;
	struct stat st;

	NEED_OK(stat(w.path, &st));
	OK(dm_handle_to_ino(H(w.file), &ino));
	THAT(ino == st.st_ino);
}

CASE(dm_handle_to_ino, EBADF_form)
{
	dm_ino_t ino = 7;

	EBADF_LENGTHS(dm_handle_to_ino(hanp, hlen, &ino));
	ERR(EBADF, dm_handle_to_ino(H(w.fs), &ino));
	THAT(ino == 7);
}

CASE(dm_handle_to_igen, ok_generation)
{
	dm_stat_t st;
	dm_igen_t gen = 0;

	NEED_OK(dm_get_fileattr(w.sid, H(w.file), DM_NO_TOKEN, DM_AT_STAT, &st));
	OK(dm_handle_to_igen(H(w.file), &gen));
	THAT(gen == st.dt_xfs_igen);
}

CASE(dm_handle_to_igen, EBADF_form)
{
	dm_igen_t gen = 7;

	EBADF_LENGTHS(dm_handle_to_igen(hanp, hlen, &gen));
	ERR(EBADF, dm_handle_to_igen(H(w.fs), &gen));
	THAT(gen == 7);
}

static void numbers(struct call *c)
{
	*(dm_fsid_t *)c->p[0] = 1;
	*(dm_ino_t *)c->p[1] = 2;
}

FUNC(dm_make_handle, 0, "fsidp:i inop:i igenp:i hanpp:o",
     dm_make_handle(c->p[0], c->p[1], c->p[2], c->p[3], &(size_t){ 0 }),
     .prepare = numbers)

CASE(dm_make_handle, ok_the_same)
{
	dm_fsid_t id;
	dm_ino_t ino;
	dm_igen_t gen;
	void *p;
	size_t len;

	NEED_OK(dm_handle_to_fsid(H(w.file), &id));
	NEED_OK(dm_handle_to_ino(H(w.file), &ino));
	NEED_OK(dm_handle_to_igen(H(w.file), &gen));
	NEED_OK(dm_make_handle(&id, &ino, &gen, &p, &len));
	THAT(len == w.file.len && !dm_handle_cmp(p, len, H(w.file)));
}

CASE(dm_make_handle, EFAULT_hlenp)
{
	dm_fsid_t id = 1;
	dm_ino_t ino = 1;
	dm_igen_t gen = 1;
	void *p = (void *)7;

	ERR(EFAULT, dm_make_handle(&id, &ino, &gen, &p, NULL));
	ERR(EFAULT, dm_make_handle(&id, &ino, &gen, &p, (void *)ro_page));
	THAT(p == (void *)7);
}

FUNC(dm_make_fshandle, 0, "fsidp:i hanpp:o hlenp:o",
     dm_make_fshandle(c->p[0], c->p[1], c->p[2]), .prepare = numbers)

CASE(dm_make_fshandle, ok_the_same)
{
	dm_fsid_t id;
	void *p;
	size_t len;

	NEED_OK(dm_handle_to_fsid(H(w.file), &id));
	NEED_OK(dm_make_fshandle(&id, &p, &len));
	THAT(len == DM_FSHSIZE && !dm_handle_cmp(p, len, H(w.fs)));
}

CASE(dm_handle_cmp, ok_values)
{
	errno = 77;
	THAT(!dm_handle_cmp(H(w.file), H(w.file)));
	THAT(dm_handle_cmp(H(w.file), H(w.fs)));
	THAT(dm_handle_cmp(H(w.file), H(w.gone)));
	THAT(!dm_handle_cmp(DM_GLOBAL_HANP, DM_GLOBAL_HLEN, DM_GLOBAL_HANP,
			    DM_GLOBAL_HLEN));
	THAT(dm_handle_cmp(DM_GLOBAL_HANP, DM_GLOBAL_HLEN, H(w.fs)));
	THAT(dm_handle_cmp(NULL, 24, NULL, 24));
	THAT(dm_handle_cmp(BAD_PTR, 8, H(w.fs)));
	THAT(errno == 77);
}

CASE(dm_handle_free, ok_all_kinds)
{
	struct handle h = handle_of(w.path);

	errno = 77;
	dm_handle_free(H(h));
	dm_handle_free(NULL, 0);
	dm_handle_free(NULL, 24);
	dm_handle_free(DM_GLOBAL_HANP, DM_GLOBAL_HLEN);
	dm_handle_free(BAD_PTR, 24);
	dm_handle_free(last_bytes, 24);
	THAT(errno == 77);
}

CASE(dm_handle_hash, ok_values)
{
	struct handle h = handle_of(w.path);

	errno = 77;
	THAT(dm_handle_hash(H(h)) == dm_handle_hash(H(w.file)));
	THAT(dm_handle_hash(H(h)) != dm_handle_hash(H(w.dirh)));
	dm_handle_hash(DM_GLOBAL_HANP, DM_GLOBAL_HLEN);
	dm_handle_hash(BAD_PTR, 24);
	THAT(errno == 77);
}

CASE(dm_handle_is_valid, ok_values)
{
	dm_handle_t h;

	memcpy(&h, w.file.p, sizeof(h));
	errno = 77;
	THAT(dm_handle_is_valid(H(w.file)) == DM_TRUE);
	THAT(dm_handle_is_valid(H(w.fs)) == DM_TRUE);
	THAT(dm_handle_is_valid(H(w.gone)) == DM_TRUE);
	THAT(dm_handle_is_valid(DM_GLOBAL_HANP, DM_GLOBAL_HLEN) == DM_TRUE);
	THAT(dm_handle_is_valid(NULL, 24) == DM_FALSE);
	THAT(dm_handle_is_valid(BAD_PTR, 24) == DM_FALSE);
	THAT(dm_handle_is_valid(&h, 23) == DM_FALSE);
	THAT(dm_handle_is_valid(&h, 0) == DM_FALSE);
	h.ha_fid.dm_fid_len++;
	THAT(dm_handle_is_valid(&h, 24) == DM_FALSE);
	h.ha_fsid = 0;
	THAT(dm_handle_is_valid(&h, 8) == DM_FALSE);
	THAT(errno == 77);
}

/* --- dm_handle_to_path ------------------------------------------------------- */

FUNC(dm_handle_to_path, CALL | IS_DIR, "targhanp:i pathbufp:o rlenp:o",
     dm_handle_to_path(c->hanp, c->hlen, c->p[0], sizeof(dm_handle_t), c->n,
		       c->p[1], c->p[2]), .prepare = a_handle,
     .nokind = EBADF, .buf = 1, .lenp = 2, .unit = 1)

CASE(dm_handle_to_path, ok_names)
{
	char path[PATH_MAX];
	size_t len;

	OK(dm_handle_to_path(H(w.dirh), H(w.file), sizeof(path), path, &len));
	THAT(!strcmp(path, w.path) && len == strlen(path) + 1);
	OK(dm_handle_to_path(H(w.dirh), H(w.link), sizeof(path), path, &len));
	THAT(!strcmp(path, in_dir("link")));
	NEED_OK(mkdir(in_dir("sub"), 0700));
	OK(dm_handle_to_path(H(w.dirh), H(handle_of(in_dir("sub"))), sizeof(path),
			     path, &len));
	THAT(!strcmp(path, in_dir("sub")));
	/* The directory itself */
	OK(dm_handle_to_path(H(w.dirh), H(w.dirh), sizeof(path), path, &len));
	THAT(!strncmp(path, w.dir, strlen(w.dir)));
}

CASE(dm_handle_to_path, EBADF_target)
{
	char path[PATH_MAX], foreign[24];
	size_t len = 7;

	ERR(EBADF, dm_handle_to_path(H(w.dirh), H(w.fs), sizeof(path), path, &len));
	ERR(EBADF, dm_handle_to_path(H(w.dirh), H(w.gone), sizeof(path), path, &len));
	ERR(EBADF, dm_handle_to_path(H(w.dirh), w.file.p, 23, sizeof(path), path,
				     &len));
	ERR(EBADF, dm_handle_to_path(H(w.dirh), DM_GLOBAL_HANP, DM_GLOBAL_HLEN,
				     sizeof(path), path, &len));
	memcpy(foreign, w.file.p, sizeof(foreign));
	foreign[0] ^= 1;
	ERR(EBADF, dm_handle_to_path(H(w.dirh), foreign, 24, sizeof(path), path,
				     &len));
	THAT(len == 7);
}

CASE(dm_handle_to_path, EINVAL_elsewhere)
{
	char path[PATH_MAX];
	size_t len = 7;

	NEED_OK(mkdir(in_dir("sub"), 0700));
	ERR(EINVAL, dm_handle_to_path(H(handle_of(in_dir("sub"))), H(w.file),
				      sizeof(path), path, &len));
	THAT(len == 7);
}

CASE(dm_handle_to_path, ENOENT_removed_directory)
{
	char path[PATH_MAX];
	size_t len = 7;
	struct handle h;
	int fd;

	NEED_OK(mkdir(in_dir("sub"), 0700));
	h = handle_of(in_dir("sub"));
	fd = open(in_dir("sub"), O_RDONLY | O_CLOEXEC);
	NEED_OK(rmdir(in_dir("sub")));
	ERR(ENOENT, dm_handle_to_path(H(h), H(h), sizeof(path), path, &len));
	close(fd);
}
