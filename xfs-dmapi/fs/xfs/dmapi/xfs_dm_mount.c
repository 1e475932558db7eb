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
 *	dmapi/namespace_policy	the same for CREATE, REMOVE and their like, DEBUT
 *	dmapi/async_policy	the same for what nobody waits for an answer to
 *	dmapi/queue_limit	messages that operations here may leave unread with
 *				a session; whoever has one more waits
 *	dmapi/lost		asynchronous messages of those who could not wait
 *	dmapi/interruptible	1: any signal ends a wait, not only a deadly one
 *	dmapi/mmap_mode		eager: when a file is mapped (the default)
 *				lazy: when its pages are touched
 *	dmapi/mmap_window	bytes that are asked for when one is touched, whole
 *				pages
 *	dmapi/rights		enforced: those of tokens keep ordinary operations out
 *				(the default); advisory: only the manager's calls
 *	dmapi/waiters		how many tasks wait
 *	dmapi/events		how many events there were
 */
#include "xfs_dm_compat.h"
#include "xfs_icache.h"
#include "xfs_sysfs.h"
#include "xfs_trans.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

/* Guards fs_mount against its going away while a call looks at it. */
static DEFINE_MUTEX(xfs_dm_mounts_lock);

static const char *const xfs_dm_policy_names[] = {
	[XFS_DM_POLICY_BLOCK]		= "block",
	[XFS_DM_POLICY_FAIL]		= "fail",
	[XFS_DM_POLICY_CONTINUE]	= "continue",
};

/* Guards the mounts' lazy, which dmapi_lazy_key counts. */
static DEFINE_MUTEX(xfs_dm_lazy_lock);

struct xfs_dm_sysfs_attr {
	struct attribute	attr;
	ssize_t			(*show)(struct xfs_dm_fs *fs, char *buf);
	ssize_t			(*store)(struct xfs_dm_fs *fs, const char *buf,
					 size_t len);
};

static struct xfs_dm_mount *
xfs_dm_mount_of(struct xfs_dm_fs *fs)
{
	return container_of(fs, struct xfs_dm_mount, fs);
}

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
xfs_dm_policy_show(struct xfs_dm_fs *fs, enum xfs_dm_class class, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  xfs_dm_policy_names[READ_ONCE(fs->fs_policy[class])]);
}

static ssize_t
xfs_dm_policy_store(struct xfs_dm_fs *fs, enum xfs_dm_class class,
		    const char *buf, size_t len)
{
	int			i = sysfs_match_string(xfs_dm_policy_names, buf);

	if (i < 0)
		return i;
	WRITE_ONCE(fs->fs_policy[class], i);
	wake_up_all(&fs->fs_wait);
	return len;
}

static ssize_t
data_policy_show(struct xfs_dm_fs *fs, char *buf)
{
	return xfs_dm_policy_show(fs, XFS_DM_CLASS_DATA, buf);
}

static ssize_t
data_policy_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	return xfs_dm_policy_store(fs, XFS_DM_CLASS_DATA, buf, len);
}

static ssize_t
namespace_policy_show(struct xfs_dm_fs *fs, char *buf)
{
	return xfs_dm_policy_show(fs, XFS_DM_CLASS_NAMESPACE, buf);
}

static ssize_t
namespace_policy_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	return xfs_dm_policy_store(fs, XFS_DM_CLASS_NAMESPACE, buf, len);
}

static ssize_t
async_policy_show(struct xfs_dm_fs *fs, char *buf)
{
	return xfs_dm_policy_show(fs, XFS_DM_CLASS_ASYNC, buf);
}

static ssize_t
async_policy_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	return xfs_dm_policy_store(fs, XFS_DM_CLASS_ASYNC, buf, len);
}

static ssize_t
queue_limit_show(struct xfs_dm_fs *fs, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(fs->fs_max_queued));
}

static ssize_t
queue_limit_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	unsigned int		max;
	int			error = kstrtouint(buf, 0, &max);

	if (error)
		return error;
	if (!max || max > XFS_DM_MAX_QUEUED)
		return -EINVAL;
	WRITE_ONCE(fs->fs_max_queued, max);
	xfs_dm_fs_room(fs);
	return len;
}

static ssize_t
lost_show(struct xfs_dm_fs *fs, char *buf)
{
	return sysfs_emit(buf, "%lld\n",
			  (long long)atomic64_read(&fs->fs_nlost));
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

static void
xfs_dm_set_lazy(struct xfs_dm_mount *dm, bool lazy)
{
	mutex_lock(&xfs_dm_lazy_lock);
	if (lazy && !dm->lazy)
		static_branch_inc(&dmapi_lazy_key);
	else if (!lazy && dm->lazy)
		static_branch_dec(&dmapi_lazy_key);
	WRITE_ONCE(dm->lazy, lazy);
	mutex_unlock(&xfs_dm_lazy_lock);
}

static ssize_t
mmap_mode_show(struct xfs_dm_fs *fs, char *buf)
{
	struct xfs_dm_mount	*dm = xfs_dm_mount_of(fs);

	return sysfs_emit(buf, "%s\n", READ_ONCE(dm->lazy) ? "lazy" : "eager");
}

static ssize_t
mmap_mode_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	struct xfs_dm_mount	*dm = xfs_dm_mount_of(fs);

	if (sysfs_streq(buf, "lazy"))
		xfs_dm_set_lazy(dm, true);
	else if (sysfs_streq(buf, "eager"))
		xfs_dm_set_lazy(dm, false);
	else
		return -EINVAL;
	return len;
}

static ssize_t
mmap_window_show(struct xfs_dm_fs *fs, char *buf)
{
	struct xfs_dm_mount	*dm = xfs_dm_mount_of(fs);

	return sysfs_emit(buf, "%llu\n", READ_ONCE(dm->mmap_window));
}

static ssize_t
mmap_window_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	struct xfs_dm_mount	*dm = xfs_dm_mount_of(fs);
	u64			window;
	int			error = kstrtou64(buf, 0, &window);

	if (error)
		return error;
	if (window > S64_MAX)
		return -EINVAL;
	WRITE_ONCE(dm->mmap_window, window);
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

/* @xfs-dm-mark { */
/* Will the next mount be managed without the option?  This one stays. */
static ssize_t
managed_show(struct xfs_dm_fs *fs, char *buf)
{
	struct xfs_dm_mount	*dm = xfs_dm_mount_of(fs);
	struct xfs_kobj		*parent = to_kobj(dm->kobj.kobject.parent);

	return sysfs_emit(buf, "%d\n",
			  xfs_dm_mark_read(container_of(parent, struct xfs_mount,
							m_kobj)) != 0);
}

/* } @xfs-dm-mark */
/* @xfs-dm-show { */
static ssize_t
xfs_dm_gid_show(gid_t gid, char *buf)
{
	return sysfs_emit(buf, "%lld\n", gid == (gid_t)-1 ? -1LL : gid);
}

static ssize_t
xfs_dm_gid_store(gid_t *gidp, const char *buf, size_t len)
{
	long long		gid;
	int			error = kstrtoll(buf, 10, &gid);

	if (error)
		return error;
	if (gid < -1 || gid >= (gid_t)-1)
		return -EINVAL;
	WRITE_ONCE(*gidp, (gid_t)gid);
	return len;
}

static ssize_t
norecall_gid_show(struct xfs_dm_fs *fs, char *buf)
{
	return xfs_dm_gid_show(READ_ONCE(xfs_dm_mount_of(fs)->norecall), buf);
}

static ssize_t
norecall_gid_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	return xfs_dm_gid_store(&xfs_dm_mount_of(fs)->norecall, buf, len);
}

/* } @xfs-dm-show */
/* @xfs-dm-backup { */
static ssize_t
backup_gid_show(struct xfs_dm_fs *fs, char *buf)
{
	return xfs_dm_gid_show(READ_ONCE(xfs_dm_mount_of(fs)->backup), buf);
}

static ssize_t
backup_gid_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	return xfs_dm_gid_store(&xfs_dm_mount_of(fs)->backup, buf, len);
}

/* } @xfs-dm-backup */
/* @xfs-dm-rights { */
static ssize_t
rights_show(struct xfs_dm_fs *fs, char *buf)
{
	struct xfs_dm_mount	*dm = xfs_dm_mount_of(fs);

	return sysfs_emit(buf, "%s\n",
			  READ_ONCE(dm->advisory) ? "advisory" : "enforced");
}

static ssize_t
rights_store(struct xfs_dm_fs *fs, const char *buf, size_t len)
{
	struct xfs_dm_mount	*dm = xfs_dm_mount_of(fs);

	if (sysfs_streq(buf, "advisory"))
		WRITE_ONCE(dm->advisory, true);
	else if (sysfs_streq(buf, "enforced"))
		WRITE_ONCE(dm->advisory, false);
	else
		return -EINVAL;
	wake_up_all(&fs->fs_right_wait);
	return len;
}

/* } @xfs-dm-rights */
#define XFS_DM_ATTR(_name, _mode, _store) \
static struct xfs_dm_sysfs_attr xfs_dm_attr_##_name = { \
	.attr	= { .name = #_name, .mode = (_mode) }, \
	.show	= _name##_show, \
	.store	= (_store), \
}

XFS_DM_ATTR(data_policy, 0644, data_policy_store);
XFS_DM_ATTR(namespace_policy, 0644, namespace_policy_store);
XFS_DM_ATTR(async_policy, 0644, async_policy_store);
XFS_DM_ATTR(queue_limit, 0644, queue_limit_store);
XFS_DM_ATTR(lost, 0444, NULL);
XFS_DM_ATTR(interruptible, 0644, interruptible_store);
XFS_DM_ATTR(mmap_mode, 0644, mmap_mode_store);
XFS_DM_ATTR(mmap_window, 0644, mmap_window_store);
XFS_DM_ATTR(waiters, 0444, NULL);
XFS_DM_ATTR(events, 0444, NULL);
XFS_DM_ATTR(rights, 0644, rights_store);	/* @xfs-dm-rights */
XFS_DM_ATTR(managed, 0444, NULL);	/* @xfs-dm-mark */
XFS_DM_ATTR(norecall_gid, 0644, norecall_gid_store);	/* @xfs-dm-show */
XFS_DM_ATTR(backup_gid, 0644, backup_gid_store);	/* @xfs-dm-backup */

static struct attribute *xfs_dm_attrs[] = {
	&xfs_dm_attr_data_policy.attr,
	&xfs_dm_attr_namespace_policy.attr,
	&xfs_dm_attr_async_policy.attr,
	&xfs_dm_attr_queue_limit.attr,
	&xfs_dm_attr_lost.attr,
	&xfs_dm_attr_interruptible.attr,
	&xfs_dm_attr_mmap_mode.attr,
	&xfs_dm_attr_mmap_window.attr,
	&xfs_dm_attr_waiters.attr,
	&xfs_dm_attr_events.attr,
	&xfs_dm_attr_rights.attr,	/* @xfs-dm-rights */
	&xfs_dm_attr_managed.attr,	/* @xfs-dm-mark */
	&xfs_dm_attr_norecall_gid.attr,	/* @xfs-dm-show */
	&xfs_dm_attr_backup_gid.attr,	/* @xfs-dm-backup */
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
	xfs_dm_attach_free(xfs_dm_mount_of(fs));	/* @xfs-dm-mounting */
	xfs_dm_inherit_free(xfs_dm_mount_of(fs));	/* @xfs-dm-inherit */
	kfree(xfs_dm_mount_of(fs));
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
	bool			managed = mp->m_dm_managed;
	u64			fsid;
	int			error;

	/* @xfs-dm-mark { */
	error = xfs_dm_mark_mount(mp, &managed);
	if (error)
		return error;
	/* } @xfs-dm-mark */
	if (!managed)
		return 0;
	memcpy(&fsid, mp->m_fixedfsid, sizeof(fsid));
	twin = xfs_dm_fs_get(fsid);
	if (twin) {
		xfs_dm_fs_put(twin);
		xfs_warn(mp,
			 "a file system with this UUID is managed already: no DMAPI events here");
		return 0;
	}

	dm = kzalloc_obj(*dm, GFP_KERNEL);
	if (!dm)
		return -ENOMEM;
	xfs_dm_fs_init(&dm->fs, mp, fsid);
	dm->fs.fs_release = xfs_dm_mount_release;
	dm->mmap_window = XFS_DM_MMAP_WINDOW;
	dm->norecall = -1;
	dm->backup = -1;
	xfs_dm_attach_init(dm);	/* @xfs-dm-mounting */
	error = xfs_sysfs_init(&dm->kobj, &xfs_dm_ktype, &mp->m_kobj, "dmapi");
	if (error)
		goto out_put;
	init_rwsem(&dm->ro_lock);
	spin_lock_init(&dm->proxy_lock);
	INIT_LIST_HEAD(&dm->proxies);
	dm->proxy_wq = alloc_workqueue("xfs-dmapi/%s", WQ_UNBOUND,
				       XFS_DM_PROXY_MAX, mp->m_super->s_id);
	if (!dm->proxy_wq) {
		error = -ENOMEM;
		goto out_sysfs;
	}
	mp->m_dm = dm;
	/* @xfs-dm-lists { */
	error = xfs_dm_list_mount(mp);
	if (error)
		goto out_wq;
	/* } @xfs-dm-lists */
	/* @xfs-dm-inherit { */
	error = xfs_dm_inherit_mount(mp);
	if (error)
		goto out_wq;
	/* } @xfs-dm-inherit */
	xfs_dm_fs_add(&dm->fs);
	mp->m_super->s_iflags |= SB_I_DMAPI;
	static_branch_inc(&dmapi_managed_key);
	xfs_dm_set_lazy(dm, mp->m_dm_lazy);
	return 0;

/* @xfs-dm-lists { */
out_wq:
	mp->m_dm = NULL;
	destroy_workqueue(dm->proxy_wq);
/* } @xfs-dm-lists */
out_sysfs:
	xfs_sysfs_del(&dm->kobj);
out_put:
	xfs_dm_fs_put(&dm->fs);
	return error;
}

/**
 * xfs_dm_shows_lazy() - is lazy mode among the mount's options?
 * @mp: the mount
 */
bool
xfs_dm_shows_lazy(struct xfs_mount *mp)
{
	return xfs_dm_is_lazy(mp);
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
	xfs_inodegc_flush(mp);		/* DESTROY */	/* @xfs-dm-object */
	mutex_lock(&xfs_dm_mounts_lock);
	dm->fs.fs_mount = NULL;
	mutex_unlock(&xfs_dm_mounts_lock);
	xfs_dm_fs_kill(&dm->fs);
	xfs_dm_farewell(mp);	/* @xfs-dm-mounting */
	xfs_dm_fs_remove(&dm->fs);
	xfs_sysfs_del(&dm->kobj);
	destroy_workqueue(dm->proxy_wq);
	xfs_dm_set_lazy(dm, false);
	mp->m_dm = NULL;
	static_branch_dec(&dmapi_managed_key);
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

/* For two seconds */
#define XFS_DM_REMOUNT_TRIES	400
#define XFS_DM_REMOUNT_PAUSE	max(HZ / 200, 1)

/**
 * xfs_dm_remount_ro_begin() - a mount is about to become read-only
 * @mp: the mount; s_umount held, and not frozen
 *
 * The VFS looks for writers by mounts, and the manager's calls need none.  They
 * end, and no other begins until xfs_dm_remount_ro_end().  A call can take long,
 * and writeback stands still meanwhile, so nobody waits for it without end.
 *
 * Return: 0; -EBUSY as the VFS has it for writers; -EINTR.
 */
int
xfs_dm_remount_ro_begin(struct xfs_mount *mp)
{
	unsigned int		tries;

	if (!mp->m_dm)
		return 0;
	for (tries = 0; !down_write_trylock(&mp->m_dm->ro_lock); tries++) {
		if (tries == XFS_DM_REMOUNT_TRIES)
			return -EBUSY;
		if (schedule_timeout_killable(XFS_DM_REMOUNT_PAUSE))
			return -EINTR;
	}
	return 0;
}

/**
 * xfs_dm_remount_ro_end() - it has, or has not
 * @mp: the mount
 */
void
xfs_dm_remount_ro_end(struct xfs_mount *mp)
{
	if (mp->m_dm)
		up_write(&mp->m_dm->ro_lock);
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

/**
 * xfs_dm_umount_begin() - somebody insists on unmounting
 * @mp: the mount, which may stay nevertheless
 *
 * Who waits keeps the file system busy, so all waits end.
 */
void
xfs_dm_umount_begin(struct xfs_mount *mp)
{
	if (mp->m_dm)
		xfs_dm_fs_abort(&mp->m_dm->fs);
}
