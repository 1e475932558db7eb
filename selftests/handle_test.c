// SPDX-License-Identifier: GPL-2.0-only
/* Handles: what they are, whom they name, and for how long. */
#include "common.h"

#include <sys/fsuid.h>

DM_FIXTURE(handle)

/* The layout of struct xfs_handle, which others know, too. */
struct layout {
	__u64	fsid;
	__u16	fid_len;
	__u16	fid_pad;
	__u32	gen;
	__u64	ino;
};

/* Does a handle name something that can be asked for its attributes? */
static long names(__s32 sid, const struct dm_handle *h)
{
	struct dmapi_object o = dm_obj(sid, h);
	__u64 rlen;
	long ret;

	ret = dmapi_getall_dmattr(&o, 0, NULL, &rlen);
	return ret == -E2BIG ? 0 : ret;
}

static bool same(const struct dm_handle *x, const struct dm_handle *y)
{
	return x->len == y->len && !memcmp(x->b, y->b, x->len);
}

TEST_F(handle, layout)
{
	struct dm_handle fs;
	struct layout l;
	struct dm_file f;
	struct stat st;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 4096));
	ASSERT_EQ(DMAPI_HANDLE_LEN, f.h.len);
	memcpy(&l, f.h.b, sizeof(l));
	ASSERT_EQ(0, stat(f.path, &st));
	EXPECT_EQ(st.st_ino, l.ino);
	EXPECT_EQ(14, l.fid_len);
	EXPECT_EQ(0, l.fid_pad);
	ASSERT_EQ(0, dm_fs_handle(f.path, &fs));
	EXPECT_EQ(DMAPI_FSHANDLE_LEN, fs.len);
	EXPECT_EQ(0, memcmp(fs.b, f.h.b, DMAPI_FSHANDLE_LEN));
	EXPECT_EQ(0, names(self->sid, &f.h));
}

TEST_F(handle, writes_no_more_than_its_length)
{
	unsigned char buf[64];
	__u64 hlen = ~0ULL;

	memset(buf, 0xa5, sizeof(buf));
	ASSERT_EQ(0, dmapi_path_to_handle(self->dir, buf, &hlen));
	EXPECT_EQ(DMAPI_HANDLE_LEN, hlen);
	EXPECT_TRUE(dm_all(buf + hlen, 0xa5, sizeof(buf) - hlen));
	memset(buf, 0xa5, sizeof(buf));
	ASSERT_EQ(0, dmapi_path_to_fshandle(self->dir, buf, &hlen));
	EXPECT_EQ(DMAPI_FSHANDLE_LEN, hlen);
	EXPECT_TRUE(dm_all(buf + hlen, 0xa5, sizeof(buf) - hlen));
}

TEST_F(handle, every_kind_of_object)
{
	struct dm_handle h, via_fd;
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/fifo", self->dir);
	ASSERT_EQ(0, mkfifo(path, 0600));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	EXPECT_EQ(0, names(self->sid, &h));
	snprintf(path, sizeof(path), "%s/dev", self->dir);
	ASSERT_EQ(0, mknod(path, S_IFCHR | 0600, 0x103));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	EXPECT_EQ(0, names(self->sid, &h));
	/* The device's descriptor is the node's, not that of /dev/null. */
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	via_fd.len = 0;
	ASSERT_EQ(0, dmapi_fd_to_handle(fd, via_fd.b, &via_fd.len));
	EXPECT_TRUE(same(&h, &via_fd));
	close(fd);
	ASSERT_EQ(0, dm_path_handle(dm_mnt(), &h));
	EXPECT_EQ(0, names(self->sid, &h));
}

TEST_F(handle, symbolic_links)
{
	struct dm_handle h, l, fs;
	char path[PATH_MAX];
	struct dm_file f;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 1));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink(f.path, path));
	ASSERT_EQ(0, dm_path_handle(path, &l));
	EXPECT_FALSE(same(&f.h, &l));
	EXPECT_EQ(0, names(self->sid, &l));

	/* For the file system they are followed; this one leads elsewhere. */
	ASSERT_EQ(0, dm_fs_handle(path, &fs));
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, symlink("/proc", path));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	EXPECT_EQ(-ENXIO, dm_fs_handle(path, &h));
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, symlink(path, path));
	EXPECT_EQ(0, dm_path_handle(path, &h));
	EXPECT_EQ(-ELOOP, dm_fs_handle(path, &h));
}

TEST_F(handle, links_and_names_do_not_matter)
{
	char path[PATH_MAX], path2[PATH_MAX];
	struct dm_handle h;
	struct dm_file f;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 1));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	snprintf(path2, sizeof(path2), "%s/other", self->dir);
	ASSERT_EQ(0, link(f.path, path));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	EXPECT_TRUE(same(&f.h, &h));
	ASSERT_EQ(0, rename(path, path2));
	ASSERT_EQ(0, unlink(f.path));
	ASSERT_EQ(0, dm_path_handle(path2, &h));
	EXPECT_TRUE(same(&f.h, &h));
	EXPECT_EQ(0, names(self->sid, &f.h));
}

TEST_F(handle, relative_path)
{
	struct dm_handle h, d;

	ASSERT_EQ(0, dm_path_handle(self->dir, &d));
	ASSERT_EQ(0, chdir(self->dir));
	ASSERT_EQ(0, dm_path_handle(".", &h));
	EXPECT_TRUE(same(&d, &h));
	ASSERT_EQ(0, chdir("/"));
}

TEST_F(handle, path_errors)
{
	char path[PATH_MAX + 2];
	struct dm_file f;
	struct dm_handle h;

	EXPECT_EQ(-ENOENT, dm_path_handle("", &h));
	EXPECT_EQ(-ENOENT, dm_fs_handle("", &h));
	snprintf(path, sizeof(path), "%s/none", self->dir);
	EXPECT_EQ(-ENOENT, dm_path_handle(path, &h));
	EXPECT_EQ(-ENOENT, dm_fs_handle(path, &h));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 1));
	snprintf(path, sizeof(path), "%.300s/f/x", self->dir);
	EXPECT_EQ(-ENOTDIR, dm_path_handle(path, &h));
	memset(path, 'a', sizeof(path));
	path[256] = 0;
	EXPECT_EQ(-ENAMETOOLONG, (chdir(self->dir), dm_path_handle(path, &h)));
	path[255] = 0;
	EXPECT_EQ(-ENOENT, dm_path_handle(path, &h));
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = 0;
	EXPECT_EQ(-ENAMETOOLONG, dm_path_handle(path, &h));
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(-ENXIO, dm_path_handle("/proc", &h));
	EXPECT_EQ(-ENXIO, dm_path_handle("/tmp", &h));
	EXPECT_EQ(-ENXIO, dm_fs_handle("/tmp", &h));
}

static long search_child(void *arg)
{
	struct dm_handle h;

	dm_drop_cap(CAP_DAC_OVERRIDE);
	dm_drop_cap(CAP_DAC_READ_SEARCH);
	return dm_path_handle(arg, &h);
}

/* The caller's own permissions count. */
TEST_F(handle, no_way_through)
{
	char dir[PATH_MAX], path[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/shut", self->dir);
	snprintf(path, sizeof(path), "%s/shut/f", self->dir);
	ASSERT_EQ(0, mkdir(dir, 0700));
	ASSERT_EQ(0, mkdir(path, 0700));
	EXPECT_EQ(0, dm_wait(dm_spawn(search_child, path), 5000));
	ASSERT_EQ(0, chmod(dir, 0));
	EXPECT_EQ(-EACCES, dm_wait(dm_spawn(search_child, path), 5000));
}

TEST_F(handle, bad_pointers)
{
	unsigned char buf[DMAPI_HANDLE_LEN];
	__u64 hlen = 77;
	int fd;

	EXPECT_EQ(-EFAULT, dmapi_path_to_handle(NULL, buf, &hlen));
	EXPECT_EQ(-EFAULT, dmapi_path_to_handle(DM_BAD_PTR, buf, &hlen));
	EXPECT_EQ(-EFAULT, dmapi_path_to_handle(self->dir, DM_BAD_PTR, &hlen));
	EXPECT_EQ(-EFAULT, dmapi_path_to_handle(self->dir, buf, DM_BAD_PTR));
	EXPECT_EQ(-EFAULT, dmapi_path_to_fshandle(NULL, buf, &hlen));
	EXPECT_EQ(-EFAULT, dmapi_path_to_fshandle(self->dir, NULL, &hlen));
	EXPECT_EQ(-EFAULT, dmapi_path_to_fshandle(self->dir, buf, NULL));
	fd = open(self->dir, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EFAULT, dmapi_fd_to_handle(fd, NULL, &hlen));
	EXPECT_EQ(-EFAULT, dmapi_fd_to_handle(fd, buf, NULL));
	EXPECT_EQ(77, hlen);
	close(fd);
}

TEST_F(handle, descriptors)
{
	struct dm_handle h, d;
	int fd, p[2];

	ASSERT_EQ(0, dm_path_handle(self->dir, &d));
	memset(&h, 0, sizeof(h));
	fd = open(self->dir, O_PATH);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, dmapi_fd_to_handle(fd, h.b, &h.len));
	EXPECT_TRUE(same(&d, &h));
	close(fd);
	EXPECT_EQ(-EBADF, dmapi_fd_to_handle(fd, h.b, &h.len));
	EXPECT_EQ(-EBADF, dmapi_fd_to_handle(-1, h.b, &h.len));
	EXPECT_EQ(-EBADF, dmapi_fd_to_handle(INT_MAX, h.b, &h.len));
	EXPECT_EQ(-EBADF, dmapi_fd_to_handle(AT_FDCWD, h.b, &h.len));
	ASSERT_EQ(0, pipe(p));
	EXPECT_EQ(-ENXIO, dmapi_fd_to_handle(p[0], h.b, &h.len));
	fd = open("/dev/null", O_RDONLY);
	EXPECT_EQ(-ENXIO, dmapi_fd_to_handle(fd, h.b, &h.len));
	close(fd);
}

TEST_F(handle, pad)
{
	struct dm_handle h;
	struct dmapi_fd_to_handle a = {
		.fd = 0, .pad = 1, .hanp = DM_PTR(h.b), .hlenp = DM_PTR(&h.len),
	};

	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_FD_TO_HANDLE, a));
}

TEST_F(handle, lengths)
{
	static const __u64 bad[] = {
		0, 1, 2, 7, 9, 16, 23, 25, 32, 1ULL << 32 | 24, ~0ULL,
	};
	struct dm_handle h;
	unsigned int i;

	ASSERT_EQ(0, dm_path_handle(self->dir, &h));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		h.len = bad[i];
		EXPECT_EQ(-EBADF, names(self->sid, &h)) {
			TH_LOG("length %llu", bad[i]);
		}
	}
}

/* The length is looked at before the handle is read. */
TEST_F(handle, unreadable)
{
	struct dmapi_object o = {
		.sid = self->sid, .token = DMAPI_NO_TOKEN,
		.hanp = 8, .hlen = DMAPI_HANDLE_LEN,
	};
	__u64 rlen;

	EXPECT_EQ(-EFAULT, dmapi_getall_dmattr(&o, 0, NULL, &rlen));
	o.hanp = ~0ULL;
	EXPECT_EQ(-EFAULT, dmapi_getall_dmattr(&o, 0, NULL, &rlen));
	o.hanp = 1;
	EXPECT_EQ(-EFAULT, dmapi_getall_dmattr(&o, 0, NULL, &rlen));
	o.hanp = 0;
	EXPECT_EQ(-EFAULT, dmapi_getall_dmattr(&o, 0, NULL, &rlen));
	o.hlen = 12;
	EXPECT_EQ(-EBADF, dmapi_getall_dmattr(&o, 0, NULL, &rlen));
	o.hanp = DMAPI_GLOBAL_HANP;
	o.hlen = DMAPI_GLOBAL_HLEN;
	EXPECT_EQ(-EBADF, dmapi_getall_dmattr(&o, 0, NULL, &rlen));
}

TEST_F(handle, forged)
{
	struct dm_handle h;
	struct layout l, bad;
	struct dm_file f;
	unsigned int i;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 1));
	memcpy(&l, f.h.b, sizeof(l));
	h.len = DMAPI_HANDLE_LEN;
#define FORGE(field, value) do {					\
		bad = l;						\
		bad.field = (value);					\
		memcpy(h.b, &bad, sizeof(bad));				\
		EXPECT_EQ(-EBADF, names(self->sid, &h)) {		\
			TH_LOG(#field " = " #value);			\
		}							\
	} while (0)
	FORGE(fsid, l.fsid ^ 1);
	FORGE(fsid, 0);
	FORGE(fid_len, 13);
	FORGE(fid_len, 0);
	FORGE(fid_len, 0xffff);
	FORGE(fid_pad, 1);
	FORGE(gen, l.gen + 1);
	FORGE(gen, ~l.gen);
	FORGE(ino, 0);
	FORGE(ino, 1);
	FORGE(ino, l.ino | 1ULL << 40);
	FORGE(ino, 1ULL << 63);
	FORGE(ino, ~0ULL);
	/* Inodes beside it are free, or have another generation. */
	for (i = 1; i < 64; i++)
		FORGE(ino, l.ino + i);
	/* The first inodes are the root's and the file system's own. */
	for (i = 1; i < 8; i++)
		FORGE(ino, 128 + i);
#undef FORGE
	EXPECT_EQ(0, names(self->sid, &f.h));
}

TEST_F(handle, stale)
{
	struct dm_handle old;
	struct layout l, n;
	struct dm_file f;
	char name[16];
	int i, fd;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 1));
	old = f.h;
	memcpy(&l, old.b, sizeof(l));
	/* As long as somebody has it open it still exists. */
	fd = open(f.path, O_RDONLY);
	ASSERT_EQ(0, unlink(f.path));
	EXPECT_EQ(0, names(self->sid, &old));
	close(fd);
	for (i = 0; i < 100 && !names(self->sid, &old); i++)
		dm_sleep_ms(10);
	EXPECT_EQ(-EBADF, names(self->sid, &old));

	/* Another file in the same inode is another file. */
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, name, 1));
		memcpy(&n, f.h.b, sizeof(n));
		if (n.ino == l.ino)
			break;
	}
	ASSERT_EQ(l.ino, n.ino);
	EXPECT_NE(l.gen, n.gen);
	EXPECT_EQ(-EBADF, names(self->sid, &old));
	EXPECT_EQ(0, names(self->sid, &f.h));
}

TEST_F(handle, mount_and_unmount)
{
	struct dm_handle fs;
	struct dm_handle h;
	struct dm_file f;
	struct dmapi_object o;
	__u64 set = 0;
	char b;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 10));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &fs));
	o = dm_obj(self->sid, &fs);
	ASSERT_EQ(0, dmapi_set_disp(&o, &set, 1));

	ASSERT_EQ(0, dm_umount());
	EXPECT_EQ(-EBADF, names(self->sid, &f.h));
	EXPECT_EQ(-EBADF, dmapi_set_disp(&o, &set, 1));

	/* Without the option there are no handles. */
	ASSERT_EQ(0, dm_mount(0, ""));
	EXPECT_EQ(-ENXIO, dm_path_handle(f.path, &h));
	EXPECT_EQ(-ENXIO, dm_fs_handle(f.path, &h));
	EXPECT_EQ(-EBADF, names(self->sid, &f.h));

	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(0, names(self->sid, &f.h));
	ASSERT_EQ(0, dm_path_handle(f.path, &h));
	EXPECT_TRUE(same(&f.h, &h));

	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(0, names(self->sid, &f.h));
	EXPECT_EQ(1, dmapi_read_invis(&f.o, 9, 1, &b));
	EXPECT_EQ(-EROFS, dmapi_write_invis(&f.o, 0, 9, 1, &b));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

TEST_HARNESS_MAIN
