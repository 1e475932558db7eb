// SPDX-License-Identifier: GPL-2.0-only
/*
 * Managed mounts
 *
 * A file system mounted with the option dmapi is managed: its files can be
 * armed, and operations on them raise events.  Without the option nobody waits
 * for anything, but the guard stands all the same: offline bytes are errors.
 *
 * Handles name a file system by its UUID.  A snapshot that is mounted beside
 * its origin has the same one and could not be told from it, so it is mounted
 * without events, guarded.
 *
 * What happens to an operation that no session wants to hear of is the
 * administrator's choice, in the mount's directory in sysfs:
 *
 *	dmapi/data_policy	block: wait until a session does (the default)
 *				fail: EIO
 *				continue: go on, if every byte is there; EIO
 *				if one is offline
 *	dmapi/interruptible	1: any signal ends a wait, not only a deadly one
 *	dmapi/waiters		how many tasks wait
 *	dmapi/events		how many events there were
 */
#include "xfs_dm_compat.h"
#include "xfs_sysfs.h"
#include "xfs_trans.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

DEFINE_STATIC_KEY_FALSE(xfs_dm_managed_key);

/* Guards fs_mount against its going away while a call looks at it. */
static DEFINE_MUTEX(xfs_dm_mounts_lock);

static const char *const xfs_dm_policy_names[] = {
	[XFS_DM_POLICY_BLOCK]		= "block",
	[XFS_DM_POLICY_FAIL]		= "fail",
	[XFS_DM_POLICY_CONTINUE]	= "continue",
};

struct xfs_dm_sysfs_attr {
	struct attribute	attr;
	ssize_t			(*show)(struct xfs_dm_fs *fs, char *buf);
	ssize_t			(*store)(struct xfs_dm_fs *fs, const char *buf,
					 size_t len);
};

static struct xfs_dm_mount *
xfs_dm_from_kobj(struct kobject *kobj)
{
	struct xfs_kobj		*k = container_of(kobj, struct xfs_kobj,
						  kobject);

	return container_of(k, struct xfs_dm_mount, kobj);
}

static ssize_t
xfs_dm_sysfs_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct xfs_dm_sysfs_attr *a = container_of(attr,
						   struct xfs_dm_sysfs_attr, attr);

	return a->show(&xfs_dm_from_kobj(kobj)->fs, buf);
}

static ssize_t
xfs_dm_sysfs_store(struct kobject *kobj, struct attribute *attr,
		   const char *buf, size_t len)
{
	struct xfs_dm_sysfs_attr *a = container_of(attr,
						   struct xfs_dm_sysfs_attr, attr);

	return a->store ? a->store(&xfs_dm_from_kobj(kobj)->fs, buf, len) :
			  -EACCES;
}

static const struct sysfs_ops xfs_dm_sysfs_ops = {
	.show	= xfs_dm_sysfs_show,
	.store	= xfs_dm_sysfs_store,
};

static ssize_t
data_policy_show(struct xfs_dm_fs *fs, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  xfs_dm_policy_names[READ_ONCE(fs->fs_data_policy)]);
}

static ssize_t
data_policy_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	int			i = sysfs_match_string(xfs_dm_policy_names, buf);

	if (i < 0)
		return i;
	WRITE_ONCE(fs->fs_data_policy, i);
	wake_up_all(&fs->fs_wait);
	return len;
}

static ssize_t
interruptible_show(struct xfs_dm_fs *fs, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(fs->fs_intr));
}

static ssize_t
interruptible_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	bool			on;
	int			error = kstrtobool(buf, &on);

	if (error)
		return error;
	WRITE_ONCE(fs->fs_intr, on);
	wake_up_all(&fs->fs_wait);
	return len;
}

static ssize_t
waiters_show(struct xfs_dm_fs *fs, char *buf)
{
	return sysfs_emit(buf, "%d\n", atomic_read(&fs->fs_waiters));
}

static ssize_t
events_show(struct xfs_dm_fs *fs, char *buf)
{
	return sysfs_emit(buf, "%lld\n",
			  (long long)atomic64_read(&fs->fs_nevents));
}

#define XFS_DM_ATTR(_name, _mode, _store) \
static struct xfs_dm_sysfs_attr xfs_dm_attr_##_name = { \
	.attr	= { .name = #_name, .mode = (_mode) }, \
	.show	= _name##_show, \
	.store	= (_store), \
}

XFS_DM_ATTR(data_policy, 0644, data_policy_store);
XFS_DM_ATTR(interruptible, 0644, interruptible_store);
XFS_DM_ATTR(waiters, 0444, NULL);
XFS_DM_ATTR(events, 0444, NULL);

static struct attribute *xfs_dm_attrs[] = {
	&xfs_dm_attr_data_policy.attr,
	&xfs_dm_attr_interruptible.attr,
	&xfs_dm_attr_waiters.attr,
	&xfs_dm_attr_events.attr,
	NULL,
};
ATTRIBUTE_GROUPS(xfs_dm);

static const struct kobj_type xfs_dm_ktype = {
	.release	= xfs_sysfs_release,
	.sysfs_ops	= &xfs_dm_sysfs_ops,
	.default_groups	= xfs_dm_groups,
};

/* Nobody refers to the mount's state any more. */
static void
xfs_dm_mount_release(struct xfs_dm_fs *fs)
{
	kfree(container_of(fs, struct xfs_dm_mount, fs));
}

/**
 * xfs_dm_mount() - a file system was mounted
 * @mp: the mount, complete, with its directory in sysfs
 *
 * Return: 0 or a negated errno, for which the mount fails.
 */
int
xfs_dm_mount(struct xfs_mount *mp)
{
	struct xfs_dm_mount	*dm;
	struct xfs_dm_fs	*twin;
	u64			fsid;
	int			error;

	if (!mp->m_dm_managed)
		return 0;
	memcpy(&fsid, mp->m_fixedfsid, sizeof(fsid));
	twin = xfs_dm_fs_get(fsid);
	if (twin) {
		xfs_dm_fs_put(twin);
		xfs_warn(mp,
			 "a file system with this UUID is managed already: no DMAPI events here");
		return 0;
	}

	dm = kzalloc(sizeof(*dm), GFP_KERNEL);
	if (!dm)
		return -ENOMEM;
	xfs_dm_fs_init(&dm->fs, mp, fsid);
	dm->fs.fs_release = xfs_dm_mount_release;
	error = xfs_sysfs_init(&dm->kobj, &xfs_dm_ktype, &mp->m_kobj, "dmapi");
	if (error) {
		xfs_dm_fs_put(&dm->fs);
		return error;
	}
	mp->m_dm = dm;
	xfs_dm_fs_add(&dm->fs);
	static_branch_inc(&xfs_dm_managed_key);
	return 0;
}

/**
 * xfs_dm_unmount() - a file system is being unmounted
 * @mp: the mount, which no file of anybody keeps busy
 */
void
xfs_dm_unmount(struct xfs_mount *mp)
{
	struct xfs_dm_mount	*dm = mp->m_dm;

	if (!dm)
		return;
	mutex_lock(&xfs_dm_mounts_lock);
	dm->fs.fs_mount = NULL;
	mutex_unlock(&xfs_dm_mounts_lock);
	xfs_dm_fs_kill(&dm->fs);
	xfs_dm_fs_remove(&dm->fs);
	xfs_sysfs_del(&dm->kobj);
	mp->m_dm = NULL;
	static_branch_dec(&xfs_dm_managed_key);
	xfs_dm_fs_put(&dm->fs);
}

/**
 * xfs_dm_shutdown() - the file system was shut down
 * @mp: the mount; called from anywhere
 */
void
xfs_dm_shutdown(struct xfs_mount *mp)
{
	if (mp->m_dm)
		xfs_dm_fs_kill(&mp->m_dm->fs);
}

/**
 * xfs_dm_fs_pin() - keep a file system mounted while a call uses it
 * @fs: a file system
 *
 * Return: its mount, for xfs_dm_fs_unpin(); NULL if it is gone or going.
 */
struct xfs_mount *
xfs_dm_fs_pin(struct xfs_dm_fs *fs)
{
	struct xfs_mount	*mp;

	mutex_lock(&xfs_dm_mounts_lock);
	mp = fs->fs_mount;
	if (mp && !atomic_inc_not_zero(&mp->m_super->s_active))
		mp = NULL;
	mutex_unlock(&xfs_dm_mounts_lock);
	return mp;
}

/**
 * xfs_dm_fs_unpin() - undo xfs_dm_fs_pin()
 * @mp: what it gave
 */
void
xfs_dm_fs_unpin(struct xfs_mount *mp)
{
	deactivate_super(mp->m_super);
}

/**
 * xfs_dm_init() - the module is being loaded
 *
 * Return: 0 or a negated errno.
 */
int __init
xfs_dm_init(void)
{
	int			error;

	error = xfs_dm_event_init();
	if (error)
		return error;
	/* @xfs-dm-ops { */
	error = xfs_dm_ops_init();
	if (error)
		xfs_dm_event_exit();
	/* } @xfs-dm-ops */
	return error;
}

/** xfs_dm_exit() - the module is being unloaded */
void
xfs_dm_exit(void)
{
	xfs_dm_ops_exit();	/* @xfs-dm-ops */
	xfs_dm_event_exit();
}
