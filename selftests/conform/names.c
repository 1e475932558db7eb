// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects made by handle, mounts, the configuration
 */
#include <linux/capability.h>
#include <linux/fs.h>

#include "conform.h"

#define ON(fn, fl, pt, expr, ...)	\
	FUNC(fn, CALL | SID | TOKEN | (fl), pt, expr, ##__VA_ARGS__)

/* --- By handle ------------------------------------------------------------- */

/* A name, and a handle that nothing has any more, and that is free */
static void a_wish(struct call *c)
{
	struct handle h = make_file("wish", 0);

	memcpy(c->p[0], h.p, h.len);
	NEED_OK(unlink(in_dir("wish")));
	strcpy(c->p[1], "come back");
	remove(in_dir("come back"));
	strcpy(c->p[2], "target");
}

ON(dm_create_by_handle, IS_DIR | EXCL | CHANGES, "wanted:i cname:i",
   dm_create_by_handle(OBJ, c->p[0], sizeof(dm_handle_t), c->p[1]),
   .prepare = a_wish)
ON(dm_mkdir_by_handle, IS_DIR | EXCL | CHANGES, "wanted:i cname:i",
   dm_mkdir_by_handle(OBJ, c->p[0], sizeof(dm_handle_t), c->p[1]),
   .prepare = a_wish)
ON(dm_symlink_by_handle, IS_DIR | EXCL | CHANGES, "wanted:i cname:i path:i",
   dm_symlink_by_handle(OBJ, c->p[0], sizeof(dm_handle_t), c->p[1], c->p[2]),
   .prepare = a_wish)

typedef long make_fn(struct handle dir, struct handle h, const char *name);

static long make_reg(struct handle dir, struct handle h, const char *name)
{
	return dm_create_by_handle(w.sid, H(dir), DM_NO_TOKEN, H(h), (char *)name);
}

static long make_dir(struct handle dir, struct handle h, const char *name)
{
	return dm_mkdir_by_handle(w.sid, H(dir), DM_NO_TOKEN, H(h), (char *)name);
}

static long make_link(struct handle dir, struct handle h, const char *name)
{
	return dm_symlink_by_handle(w.sid, H(dir), DM_NO_TOKEN, H(h), (char *)name,
				    "target");
}

/* What all three have */
static void ok_handle(make_fn *make, mode_t mode)
{
	mode_t mask = umask(022);
	struct stat st;

	OK(make(w.dirh, w.gone, "back"));
	NEED_OK(lstat(in_dir("back"), &st));
	THAT(st.st_mode == mode && st.st_uid == geteuid());
	THAT(!dm_handle_cmp(H(handle_of(in_dir("back"))), H(w.gone)));
	umask(mask);
}

static void bad_make(make_fn *make, int want)
{
	char name[257], foreign[24];
	struct handle h = w.gone;
	int fd, flag;

	switch (want) {
	case EBADF:
		memcpy(foreign, h.p, h.len);
		foreign[0] ^= 1;
		ERR(EBADF, make(w.dirh, (struct handle){ foreign, 24 }, "n"));
		ERR(EBADF, make(w.dirh, w.fs, "n"));
		ERR(EBADF, make(w.dirh, (struct handle){ h.p, 23 }, "n"));
		h = (struct handle){ DM_GLOBAL_HANP, DM_GLOBAL_HLEN };
		ERR(EBADF, make(w.dirh, h, "n"));
		break;
	case ENAMETOOLONG:
		memset(name, 'n', 256);
		name[256] = '\0';
		ERR(ENAMETOOLONG, make(w.dirh, h, name));
		name[255] = '\0';
		OK(make(w.dirh, h, name));
		break;
	case EINVAL:
		ERR(EINVAL, make(w.dirh, h, ""));
		ERR(EINVAL, make(w.dirh, h, "."));
		ERR(EINVAL, make(w.dirh, h, ".."));
		ERR(EINVAL, make(w.dirh, h, "a/b"));
		break;
	case EPERM:
		fd = open(w.dir, O_RDONLY | O_CLOEXEC);
		flag = FS_IMMUTABLE_FL;
		NEED_OK(ioctl(fd, FS_IOC_SETFLAGS, &flag));
		ERR(EPERM, make(w.dirh, h, "n"));
		flag = 0;
		NEED_OK(ioctl(fd, FS_IOC_SETFLAGS, &flag));
		close(fd);
		break;
	case EEXIST:
		ERR(EEXIST, make(w.dirh, h, "file"));
		ERR(EEXIST, make(w.dirh, w.file, "n"));
		break;
	case ENOENT:
		NEED_OK(mkdir(in_dir("sub"), 0700));
		h = handle_of(in_dir("sub"));
		NEED_OK(dm_obj_ref_hold(w.sid, w.token, H(h)));
		NEED_OK(rmdir(in_dir("sub")));
		ERR(ENOENT, make(h, w.gone, "n"));
		NEED_OK(dm_obj_ref_rele(w.sid, w.token, H(h)));
		break;
	case EACCES:
		NEED_OK(mkdir(in_dir("sub"), 0700));
		NEED_OK(chown(in_dir("sub"), 1000, 1000));
		drop_cap(CAP_DAC_OVERRIDE);
		drop_cap(CAP_DAC_READ_SEARCH);
		ERR(EACCES, make(handle_of(in_dir("sub")), h, "n"));
		raise_caps();
		break;
	}
}

#define FOR_ALL(e, what)						\
CASE(dm_create_by_handle, e##_##what) { bad_make(make_reg, e); }	\
CASE(dm_mkdir_by_handle, e##_##what) { bad_make(make_dir, e); }	\
CASE(dm_symlink_by_handle, e##_##what) { bad_make(make_link, e); }

FOR_ALL(EBADF, wanted_handle)
FOR_ALL(ENAMETOOLONG, name)
FOR_ALL(EINVAL, name)
FOR_ALL(EPERM, immutable)
FOR_ALL(EEXIST, name_or_inode)
FOR_ALL(ENOENT, removed_directory)
FOR_ALL(EACCES, directory)

CASE(dm_create_by_handle, ok_handle) { ok_handle(make_reg, S_IFREG | 0600); }
CASE(dm_mkdir_by_handle, ok_handle) { ok_handle(make_dir, S_IFDIR | 0700); }
CASE(dm_symlink_by_handle, ok_handle) { ok_handle(make_link, S_IFLNK | 0777); }

static long with_path(const char *path)
{
	return dm_symlink_by_handle(w.sid, H(w.dirh), DM_NO_TOKEN, H(w.gone), "n",
				    (char *)path);
}

CASE(dm_symlink_by_handle, ENAMETOOLONG_path)
{
	char path[1025];

	memset(path, 'p', 1024);
	path[1024] = '\0';
	ERR(ENAMETOOLONG, with_path(path));
	path[1023] = '\0';
	OK(with_path(path));
}

CASE(dm_symlink_by_handle, ENOENT_path)
{
	ERR(ENOENT, with_path(""));
}

/* --- Mounts ---------------------------------------------------------------- */

ON(dm_get_mountinfo, IS_FS | SHARED, "bufp:o rlenp:o",
   dm_get_mountinfo(OBJ, c->n, c->p[0], c->p[1]),
   .buf = 0, .lenp = 1, .unit = 1)

CASE(dm_get_mountinfo, ok_fields)
{
	char buf[4096];
	dm_mount_event_t *m = (dm_mount_event_t *)buf;
	size_t len;

	OK(dm_get_mountinfo(w.sid, H(w.fs), DM_NO_TOKEN, sizeof(buf), buf, &len));
	THAT(m->me_mode == 0);
	THAT(!dm_handle_cmp(DM_GET_VALUE(m, me_handle1, void *),
			    DM_GET_LEN(m, me_handle1), H(w.fs)));
	THAT(!strcmp(DM_GET_VALUE(m, me_name1, char *), w.mnt));
	THAT(DM_GET_LEN(m, me_name1) == strlen(w.mnt) + 1);
	THAT(!dm_handle_cmp(DM_GET_VALUE(m, me_roothandle, void *),
			    DM_GET_LEN(m, me_roothandle), H(handle_of(w.mnt))));
}

ON(dmx_set_managed, IS_FS | EXCL | CHANGES, "", dmx_set_managed(OBJ, DM_TRUE))

CASE(dmx_set_managed, ok_again)
{
	OK(dmx_set_managed(w.sid, H(w.fs), DM_NO_TOKEN, DM_TRUE));
	OK(dmx_set_managed(w.sid, H(w.fs), DM_NO_TOKEN, DM_TRUE));
	OK(dmx_set_managed(w.sid, H(w.fs), DM_NO_TOKEN, DM_FALSE));
	OK(dmx_set_managed(w.sid, H(w.fs), DM_NO_TOKEN, DM_FALSE));
}

CASE(dmx_set_managed, ok_leave)
{
	struct handle f = make_file("left", 65536);
	dm_boolean_t exact;
	dm_region_t r = { .rg_flags = DM_REGION_WRITE };
	unsigned int n;

	NEED_OK(dm_set_region(w.sid, H(f), DM_NO_TOKEN, 1, &r, &exact));
	OK(dmx_set_managed(w.sid, H(f), DM_NO_TOKEN, DM_FALSE));
	OK(dm_get_region(w.sid, H(f), DM_NO_TOKEN, 0, NULL, &n));
	THAT(n == 0);
}

CASE(dmx_set_managed, EBUSY_offline)
{
	struct handle f = make_file("away", 65536);

	offline(f);
	ERR(EBUSY, dmx_set_managed(w.sid, H(f), DM_NO_TOKEN, DM_FALSE));
}

/* --- The configuration ----------------------------------------------------- */

FUNC(dm_get_config, CALL | HANDLE, "retvalp:o",
     dm_get_config(c->hanp, c->hlen, DM_CONFIG_BULKALL, c->p[0]))
FUNC(dm_get_config_events, CALL | HANDLE, "eventsetp:o nelemp:o",
     dm_get_config_events(c->hanp, c->hlen, DM_EVENT_MAX, c->p[0], c->p[1]))

CASE(dm_get_config, ok_answers)
{
	static const dm_size_t answer[] = {
		[DM_CONFIG_BULKALL] = 1, [DM_CONFIG_CREATE_BY_HANDLE] = 1,
		[DM_CONFIG_DTIME_OVERLOAD] = 1, [DM_CONFIG_LEGACY] = 1,
		[DM_CONFIG_LOCK_UPGRADE] = 1,
		[DM_CONFIG_MAX_ATTR_ON_DESTROY] = 4096,
		[DM_CONFIG_MAX_ATTRIBUTE_SIZE] = 65536,
		[DM_CONFIG_MAX_HANDLE_SIZE] = DM_MAX_HANDLE_SIZE,
		[DM_CONFIG_MAX_MANAGED_REGIONS] = 1024,
		[DM_CONFIG_MAX_MESSAGE_DATA] = 65536,
		[DM_CONFIG_OBJ_REF] = 1, [DM_CONFIG_PENDING] = 1,
		[DM_CONFIG_PERS_ATTRIBUTES] = 1, [DM_CONFIG_PERS_EVENTS] = 1,
		[DM_CONFIG_PERS_INHERIT_ATTRIBS] = 1,
		[DM_CONFIG_PERS_MANAGED_REGIONS] = 1, [DM_CONFIG_PUNCH_HOLE] = 1,
		[DM_CONFIG_TOTAL_ATTRIBUTE_SPACE] = 0x7fffffff,
		[DM_CONFIG_WILL_RETRY] = 1,
	};
	dm_size_t v;
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(answer); i++) {
		v = 7;
		OK(dm_get_config(H(w.fs), i, &v));
		THAT(v == answer[i]);
	}
}

CASE(dm_get_config, EINVAL_flagname)
{
	dm_size_t v = 7;

	ERR(EINVAL, dm_get_config(H(w.fs), DM_CONFIG_INVALID, &v));
	ERR(EINVAL, dm_get_config(H(w.fs), DM_CONFIG_WILL_RETRY + 1, &v));
	ERR(EINVAL, dm_get_config(H(w.fs), -1, &v));
	THAT(v == 7);
}

CASE(dm_get_config_events, ok_all)
{
	dm_eventset_t set = 0;
	unsigned int n = 0;

	OK(dm_get_config_events(H(w.fs), 64, &set, &n));
	THAT(n == DM_EVENT_MAX && set == (1 << DM_EVENT_MAX) - 1);
}

CASE(dm_get_config_events, E2BIG_length)
{
	dm_eventset_t set = 7;
	unsigned int n = 7;

	ERR(E2BIG, dm_get_config_events(H(w.fs), DM_EVENT_MAX - 1, &set, &n));
	THAT(n == DM_EVENT_MAX && set == 7);
	n = 7;
	ERR(E2BIG, dm_get_config_events(H(w.fs), 0, NULL, &n));
	THAT(n == DM_EVENT_MAX);
}
