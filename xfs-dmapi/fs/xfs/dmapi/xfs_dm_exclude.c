// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a right keeps ordinary operations out
 *
 * Under an exclusive right ordinary operations neither change an object nor read
 * its data or its directory; under a shared one they do not change it.  They look
 * at the inode's i_dm_right under the IOLOCK, in whatever mode they have it,
 * unwind as they do for an event, and wait with nothing held.
 *
 * Whoever grants a right sets i_dm_right and then takes the IOLOCK once,
 * exclusively.  When he has had it, all who came before are done, and all who
 * come later see the right.  Since a user can hold the IOLOCK for as long as he
 * likes, that can be killed.
 *
 * Files without DM state cost one comparison, and shall go on to.  So a file on
 * which there is a right has a state, if only an empty one.
 *
 * What only looks at names and attributes is never kept out: a path that leads
 * through a directory, stat(), questions where data is.  Nor are accesses through
 * a mapping that exists already; new ones are.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_session.h"

/* Is a right in the way of reading the object, or of a change? */
static bool
xfs_dm_is_excluded(struct xfs_inode *ip, bool change)
{
	u8			level = READ_ONCE(ip->i_dm_right);

	if (likely(level == DMAPI_RIGHT_NULL) ||
	    (!change && level != DMAPI_RIGHT_EXCL))
		return false;
	return ip->i_mount->m_dm && !READ_ONCE(ip->i_mount->m_dm->advisory);
}

struct xfs_dm_excluded {
	struct xfs_inode	*ip;
	bool			change;
};

static int
xfs_dm_exclude_over(void *data)
{
	const struct xfs_dm_excluded *e = data;

	return !xfs_dm_is_excluded(e->ip, e->change);
}

/* The scope's wait: nothing is held.  want->state: it would change the object. */
static int
xfs_dm_exclude_wait(struct inode *inode, const struct dmapi_want *want)
{
	struct xfs_inode	*ip = XFS_I(inode);
	struct xfs_dm_fs	*fs = &ip->i_mount->m_dm->fs;
	u8			handle[DMAPI_HANDLE_LEN];
	struct xfs_dm_about	about = {
		.a_event	= want->event,
		.a_handle	= handle,
		.a_off		= want->off,
		.a_len		= want->len,
		.a_right	= want->state ? DMAPI_RIGHT_EXCL :
						DMAPI_RIGHT_SHARED,
	};
	struct xfs_dm_excluded	e = { .ip = ip, .change = want->state };
	int			ret;

	xfs_dm_handle_init(ip, handle);
	ret = xfs_dm_right_wait(fs, &about, xfs_dm_exclude_over, &e);
	if (ret == -ERESTARTSYS)
		return xfs_dm_wait_error();
	return min(ret, 0);
}

/**
 * xfs_dm_exclude() - may an ordinary operation have this object now?
 * @ip: the object, IOLOCK held
 * @event: what it does, DMAPI_EVENT_*, for those who look
 * @off: as the event would have it
 * @len: as the event would have it
 * @how: as for xfs_dm_want()
 *
 * Return: 0 if it may; -EAGAIN for the operation to return, whether it comes
 * back or not; -EBUSY if nobody can wait.
 */
int
xfs_dm_exclude(struct xfs_inode *ip, u32 event, u64 off, u64 len,
	       unsigned int how)
{
	bool			change = event != DMAPI_EVENT_READ;
	struct dmapi_want	want = {
		.inode	= VFS_I(ip),
		.igen	= VFS_I(ip)->i_generation,
		.event	= event,
		.off	= off,
		.len	= len,
		.state	= change,
		.passing = true,
	};
	struct dmapi_scope	*scope;

	if (!xfs_dm_is_excluded(ip, change))
		return 0;
	if (how & (XFS_DM_NOWAIT | XFS_DM_NODELAY))
		return -EAGAIN;
	scope = dmapi_scope_find();
	if (scope)
		return dmapi_scope_want(scope, VFS_I(ip), &want,
					xfs_dm_exclude_wait);
	/* A client comes back. */
	if ((how & XFS_DM_REOPENS) || dmapi_is_server())
		return -EAGAIN;
	return -EBUSY;
}

int
__xfs_dm_readdir(struct xfs_inode *dp)
{
	return xfs_dm_exclude(dp, DMAPI_EVENT_READ, 0, 0, 0);
}

/* An empty state, which goes by itself if there is no right.  IOLOCK held. */
static int
xfs_dm_exclude_show(struct xfs_inode *ip)
{
	struct xfs_dm_inode	*dm = xfs_dm_inode_alloc(0);

	if (!dm)
		return -ENOMEM;
	xfs_dm_inode_publish(ip, dm);
	return 0;
}

/**
 * xfs_dm_exclude_begin() - ordinary operations shall see a right
 * @ip: the object; i_dm_right is set, nothing is held
 *
 * On return those that do not see it are over.
 *
 * Return: 0; -EINTR; -ENOMEM, or what loading the file's state gave.
 */
int
xfs_dm_exclude_begin(struct xfs_inode *ip)
{
	struct inode		*inode = VFS_I(ip);
	int			error = 0;

	if (S_ISREG(inode->i_mode)) {
		error = xfs_dm_inode_load(ip);
		if (error)
			return error;
	}
	if (inode_lock_killable(inode))
		return -EINTR;
	if (S_ISREG(inode->i_mode)) {
		inode_dio_wait(inode);
		if (rcu_access_pointer(ip->i_dm) == &xfs_dm_none)
			error = xfs_dm_exclude_show(ip);
	}
	inode_unlock(inode);
	return error;
}

/**
 * xfs_dm_exclude_end() - a right is gone
 * @ip: the object
 *
 * A state that was there for its sake goes, too, if that is possible at once:
 * whoever answers an event must not wait for a user's lock.
 */
void
xfs_dm_exclude_end(struct xfs_inode *ip)
{
	struct inode		*inode = VFS_I(ip);
	struct xfs_dm_inode	*dm;

	if (!S_ISREG(inode->i_mode) || READ_ONCE(ip->i_dm_right) ||
	    !inode_trylock(inode))
		return;
	dm = rcu_dereference_protected(ip->i_dm, lockdep_is_held(&inode->i_rwsem));
	if (dm && dm != &xfs_dm_none && xfs_dm_inode_is_empty(dm))
		xfs_dm_exclude_show(ip);
	inode_unlock(inode);
}
