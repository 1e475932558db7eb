// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for those who must not
 *
 * A file server's thread that needs an event has a client who can come back,
 * and other clients in the meantime.  It gets EAGAIN, which servers turn into
 * their protocol's "retry later", and a worker raises the event and waits for
 * the answer in its stead.  The client's next try, most likely by another
 * thread, finds the worker still waiting and is sent away again, or finds the
 * answer.  An answer is kept for a while for whoever asks for the same range
 * or a part of it: one request of a client may be several of the server.
 *
 * A worker's inode would be busy at unmount, so the end of the superblock ends
 * all of them first.
 */
#include "xfs_dm_compat.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"

#include <linux/workqueue.h>

/* How long an answer is good for: clients come back within seconds. */
#define XFS_DM_PROXY_KEEP	(30 * HZ)

/**
 * struct xfs_dm_proxy - an event that somebody else wants
 * @list: in the mount's list; the mount's lock, for all of this
 * @work: waits
 * @inode: referenced while the worker needs it, else NULL
 * @want: the event
 * @wait: how
 * @error: the answer
 * @done: there is one
 * @until: when to forget it, jiffies
 */
struct xfs_dm_proxy {
	struct list_head	list;
	struct work_struct	work;
	struct inode		*inode;
	struct dmapi_want	want;
	int			(*wait)(struct inode *inode,
					const struct dmapi_want *want);
	int			error;
	bool			done;
	unsigned long		until;
};

static void
xfs_dm_proxy_done(struct xfs_dm_proxy *p, int error)
{
	struct inode		*inode = p->inode;
	struct xfs_dm_mount	*dm = XFS_I(inode)->i_mount->m_dm;

	/* While this is not done, the end of the superblock waits for it. */
	p->inode = NULL;
	iput(inode);
	spin_lock(&dm->proxy_lock);
	p->error = error;
	p->until = jiffies + XFS_DM_PROXY_KEEP;
	p->done = true;
	spin_unlock(&dm->proxy_lock);
}

static void
xfs_dm_proxy_work(struct work_struct *work)
{
	struct xfs_dm_proxy	*p = container_of(work, typeof(*p), work);

	xfs_dm_proxy_done(p, p->wait(p->inode, &p->want));
}

static void
xfs_dm_proxy_free(struct xfs_dm_proxy *p)
{
	kfree(p->want.data);
	kfree(p);
}

/* Find one; forget those whose time is over. */
static struct xfs_dm_proxy *
xfs_dm_proxy_find(struct xfs_dm_mount *dm, const struct dmapi_want *want,
		  struct list_head *old)
{
	struct xfs_dm_proxy	*p, *n, *found = NULL;

	lockdep_assert_held(&dm->proxy_lock);
	list_for_each_entry_safe(p, n, &dm->proxies, list) {
		if (p->done && time_after(jiffies, p->until)) {
			list_move(&p->list, old);
			dm->nproxies--;
		} else if (!found && dmapi_want_covers(&p->want, want)) {
			found = p;
		}
	}
	return found;
}

/* What an answer means for the one who comes back; 1: ask again. */
static int
xfs_dm_proxy_answer(const struct xfs_dm_proxy *p, const struct dmapi_want *want)
{
	if (!p->done)
		return -EAGAIN;
	if (p->error)
		return p->error;
	if (!want->must)
		return 0;
	return p->want.state == want->state ? -EIO : 1;
}

/**
 * xfs_dm_proxy() - let a worker wait for an event
 * @ip: the file
 * @want: the event; its data is taken over
 * @wait: how to wait for it
 *
 * Return: -EAGAIN while it waits; then 0, or the answer's errno; -EIO if bytes
 * are offline nevertheless.
 */
int
xfs_dm_proxy(struct xfs_inode *ip, const struct dmapi_want *want,
	     int (*wait)(struct inode *inode, const struct dmapi_want *want))
{
	struct xfs_dm_mount	*dm = ip->i_mount->m_dm;
	struct xfs_dm_proxy	*new, *p, *n;
	void			*data = want->data;
	LIST_HEAD(old);
	int			error = -EAGAIN;

	/* The IOLOCK is held: memory must not come by way of the file system */
	new = kzalloc_obj(*new, GFP_NOFS);

	spin_lock(&dm->proxy_lock);
	p = xfs_dm_proxy_find(dm, want, &old);
	if (p) {
		error = xfs_dm_proxy_answer(p, want);
		if (error != -EAGAIN) {
			/* An error is told once; a ticket stays, mostly. */
			if (error || want->once) {
				list_move(&p->list, &old);
				dm->nproxies--;
			}
			p = NULL;
		}
		if (error > 0)
			error = -EAGAIN;
		else
			goto out_unlock;
	}
	if (!new || dm->nproxies >= XFS_DM_PROXY_MAX || dm->proxies_end)
		goto out_unlock;
	ihold(VFS_I(ip));
	new->inode = VFS_I(ip);
	new->want = *want;
	data = NULL;
	new->wait = wait;
	INIT_WORK(&new->work, xfs_dm_proxy_work);
	list_add_tail(&new->list, &dm->proxies);
	dm->nproxies++;
	queue_work(dm->proxy_wq, &new->work);
	new = NULL;
out_unlock:
	spin_unlock(&dm->proxy_lock);
	kfree(data);
	kfree(new);
	list_for_each_entry_safe(p, n, &old, list)
		xfs_dm_proxy_free(p);
	return error;
}

/**
 * xfs_dm_kill_sb() - a superblock is about to go
 * @mp: its mount, or NULL if it never got that far
 *
 * Nobody uses the file system any more, but for our workers.
 */
void
xfs_dm_kill_sb(struct xfs_mount *mp)
{
	struct xfs_dm_mount	*dm = mp ? mp->m_dm : NULL;
	struct xfs_dm_proxy	*p;

	if (!dm)
		return;
	xfs_dm_fs_kill(&dm->fs);

	spin_lock(&dm->proxy_lock);
	dm->proxies_end = true;
	while (!list_empty(&dm->proxies)) {
		p = list_first_entry(&dm->proxies, struct xfs_dm_proxy, list);
		list_del(&p->list);
		spin_unlock(&dm->proxy_lock);
		if (cancel_work_sync(&p->work))
			xfs_dm_proxy_done(p, -EIO);
		xfs_dm_proxy_free(p);
		spin_lock(&dm->proxy_lock);
	}
	spin_unlock(&dm->proxy_lock);
}
