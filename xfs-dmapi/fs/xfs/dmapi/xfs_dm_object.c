// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects: their first use, their last, and changes of their attributes
 *
 * DEBUT is raised at the first open since the object came into memory, and
 * waits.  Others who open it meanwhile wait for the same answer; after a refusal
 * the next who tries asks again.  An open that made the object raises none: who
 * wants to hear of it has POSTCREATE.
 *
 * ATTRIBUTE follows a change of owner, mode, times, flags or extended attributes
 * that somebody asked for, and CLOSE the end of an open file.  The message of the
 * first is made before the change.  The second comes when nothing can be refused
 * any more, and nothing is held: it waits for room if its task can.
 *
 * DESTROY comes from the worker that frees inodes, where nobody may wait and
 * memory must not come by way of a file system.  It may carry a DM attribute,
 * which is read before the attributes go.
 */
#include "xfs_dm_compat.h"
#include "xfs_icache.h"
#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_ops.h"

#include <linux/uaccess.h>

/* What an event of a single object carries. */
struct xfs_dm_object_payload {
	struct dmapi_namesp_event p_event;
	__u8			p_handle[DMAPI_HANDLE_LEN];
};

struct xfs_dm_destroy_payload {
	struct dmapi_destroy_event p_event;
	__u8			p_handle[DMAPI_HANDLE_LEN];
	__u8			p_value[];
};

static void
xfs_dm_object_fill(struct xfs_inode *ip, struct xfs_dm_object_payload *p)
{
	p->p_event.mode = VFS_I(ip)->i_mode;
	p->p_event.handle1.offset = offsetof(typeof(*p), p_handle);
	p->p_event.handle1.length = DMAPI_HANDLE_LEN;
	xfs_dm_handle_init(ip, p->p_handle);
}

/* --- ATTRIBUTE -------------------------------------------------------------- */

int
__xfs_dm_attribute_begin(struct xfs_dm_attribute *op, struct xfs_inode *ip)
{
	struct xfs_dm_note	*note;
	int			error;

	/* @xfs-dm-rights { */
	error = xfs_dm_exclude(ip, DMAPI_EVENT_ATTRIBUTE, 0, 0, 0);
	if (error)
		return error;
	/* } @xfs-dm-rights */
	if (!xfs_dm_enabled(ip, DMAPI_EVENT_ATTRIBUTE))
		return 0;
	note = kmalloc_obj(*note, GFP_KERNEL_ACCOUNT);
	if (!note)
		return -ENOMEM;
	error = xfs_dm_note_prepare(note, &ip->i_mount->m_dm->fs,
				    DMAPI_EVENT_ATTRIBUTE,
				    sizeof(struct xfs_dm_object_payload),
				    GFP_KERNEL_ACCOUNT);
	if (error) {
		kfree(note);
		return xfs_dm_note_want(ip, DMAPI_EVENT_ATTRIBUTE, error);
	}
	xfs_dm_object_fill(ip, xfs_dm_note_payload(note));
	op->note = note;
	return 0;
}

void
__xfs_dm_attribute_end(struct xfs_dm_attribute *op, int error)
{
	if (error)
		xfs_dm_note_drop(op->note);
	else
		xfs_dm_note_send(op->note);
	kfree(op->note);
}

/* --- DEBUT ------------------------------------------------------------------ */

/* An object's first open: is it over, is somebody asking about it? */
static void
xfs_dm_debut_set(struct xfs_inode *ip, u32 clear, u32 set)
{
	spin_lock(&ip->i_flags_lock);
	WRITE_ONCE(ip->i_dm_events, (ip->i_dm_events & ~clear) | set);
	spin_unlock(&ip->i_flags_lock);
}

/* Is an object's first open over? */
static bool
xfs_dm_debut_is_done(struct xfs_inode *ip)
{
	return READ_ONCE(ip->i_dm_events) & XFS_DM_DEBUTED;
}

static void
xfs_dm_debut_done(struct xfs_inode *ip)
{
	if (!xfs_dm_debut_is_done(ip))
		xfs_dm_debut_set(ip, 0, XFS_DM_DEBUTED);
}

/* Is nobody asking about it? */
static bool
xfs_dm_debut_is_free(void *data)
{
	struct xfs_inode	*ip = data;

	return !(READ_ONCE(ip->i_dm_events) & XFS_DM_DEBUTING);
}

/* Ask, if nobody else is; false if so, or it is over */
static bool
xfs_dm_debut_begin(struct xfs_inode *ip)
{
	bool			mine;

	spin_lock(&ip->i_flags_lock);
	mine = !(ip->i_dm_events & (XFS_DM_DEBUTED | XFS_DM_DEBUTING));
	if (mine)
		WRITE_ONCE(ip->i_dm_events, ip->i_dm_events | XFS_DM_DEBUTING);
	spin_unlock(&ip->i_flags_lock);
	return mine;
}

/* Whoever asked has an answer; @done: it is over */
static void
xfs_dm_debut_end(struct xfs_inode *ip, bool done)
{
	xfs_dm_debut_set(ip, XFS_DM_DEBUTING, done ? XFS_DM_DEBUTED : 0);
}

/* The scope's wait: nothing is held. */
static int
xfs_dm_debut_wait(struct inode *inode, const struct dmapi_want *want)
{
	struct xfs_inode	*ip = XFS_I(inode);
	struct xfs_dm_fs	*fs = &ip->i_mount->m_dm->fs;
	struct xfs_dm_object_payload p = { };
	struct xfs_dm_about	about = {
		.a_event	= want->event,
		.a_handle	= p.p_handle,
		.a_cancel	= xfs_dm_enabled(ip, DMAPI_EVENT_CANCEL),
	};
	int			error;

	xfs_dm_object_fill(ip, &p);
	while (!xfs_dm_debut_is_done(ip)) {
		if (xfs_dm_debut_begin(ip)) {
			error = xfs_dm_event_namesp(fs, &about, &p, sizeof(p));
			xfs_dm_debut_end(ip, !error);
			wake_up_all(&fs->fs_wait);
			return error;
		}
		error = xfs_dm_event_join(fs, &about, xfs_dm_debut_is_free, ip);
		if (error)
			return error;
	}
	return 0;
}

int
__xfs_dm_debut(struct inode *inode, struct file *file)
{
	struct xfs_inode	*ip = XFS_I(inode);
	struct dmapi_scope	*scope;
	struct dmapi_want	want = {
		.inode	= inode,
		.igen	= inode->i_generation,
		.event	= DMAPI_EVENT_DEBUT,
	};

	if (!xfs_dm_is_managed(ip->i_mount) || xfs_dm_debut_is_done(ip))
		return 0;
	/* An open that made something must not begin again. */
	if ((file->f_mode & FMODE_CREATED) ||
	    !xfs_dm_enabled(ip, DMAPI_EVENT_DEBUT)) {
		xfs_dm_debut_done(ip);
		return 0;
	}
	scope = dmapi_scope_find();
	if (!scope && dmapi_is_server())
		return xfs_dm_proxy(ip, &want, xfs_dm_debut_wait);
	/* By handle: the manager, or his like. */
	if (!scope || dmapi_scope_settled(scope, &want))
		return 0;
	return dmapi_scope_want(scope, inode, &want, xfs_dm_debut_wait);
}

/* --- CLOSE ------------------------------------------------------------------ */

/* May this task wait, with a file gone that it held? */
static bool
xfs_dm_close_may_wait(void)
{
	return !(current->flags & (PF_KTHREAD | PF_EXITING | PF_IO_WORKER));
}

void
__xfs_dm_close(struct inode *inode, struct file *file)
{
	struct xfs_inode	*ip = XFS_I(inode);
	struct xfs_dm_fs	*fs;
	struct xfs_dm_object_payload p = { };
	struct xfs_dm_about	about = {
		.a_event	= DMAPI_EVENT_CLOSE,
		.a_handle	= p.p_handle,
	};
	struct xfs_dm_note	note;
	int			error;

	if (xfs_dm_file_is_ours(file) ||
	    !xfs_dm_enabled(ip, DMAPI_EVENT_CLOSE))
		return;
	fs = &ip->i_mount->m_dm->fs;
	xfs_dm_object_fill(ip, &p);
	do {
		error = xfs_dm_note_prepare(&note, fs, DMAPI_EVENT_CLOSE,
					    sizeof(p), GFP_KERNEL_ACCOUNT);
		if (!error) {
			memcpy(xfs_dm_note_payload(&note), &p, sizeof(p));
			xfs_dm_note_send(&note);
			return;
		}
		if (error == -ENOLINK &&
		    READ_ONCE(fs->fs_policy[XFS_DM_CLASS_ASYNC]) !=
		    XFS_DM_POLICY_BLOCK)
			return;
		if (error == -ENOMEM || !xfs_dm_close_may_wait())
			break;
		error = xfs_dm_event_room(fs, &about);
	} while (!error);
	xfs_dm_note_lost(fs);
}

/* A directory was open. */
int
xfs_dm_dir_release(struct inode *inode, struct file *file)
{
	xfs_dm_close(inode, file);
	return 0;
}

/* --- DESTROY ---------------------------------------------------------------- */

/* The attribute that was asked for: its value, or NULL. */
static void *
xfs_dm_destroy_value(struct xfs_inode *ip, u8 *dmname, int *len)
{
	char			name[XFS_DM_ATTR_NAME_MAX];
	void			*value;
	int			namelen;

	*len = 0;
	if (!xfs_dm_destroy_get(&ip->i_mount->m_dm->fs, dmname))
		return NULL;
	namelen = xfs_dm_attr_encode(dmname, name);
	if (!namelen || xfs_dm_xattr_get(ip, name, namelen, &value, len)) {
		memset(dmname, 0, DMAPI_ATTR_NAME_SIZE);
		return NULL;
	}
	*len = min(*len, DMAPI_MAX_ATTR_ON_DESTROY);
	return value;
}

void
__xfs_dm_destroy(struct xfs_inode *ip)
{
	struct xfs_dm_destroy_payload *p;
	struct xfs_dm_note	note;
	struct xfs_dm_fs	*fs;
	u8			dmname[DMAPI_ATTR_NAME_SIZE] = { };
	void			*value;
	int			len, error;

	if (xfs_dm_is_internal(ip) ||
	    !xfs_dm_enabled(ip, DMAPI_EVENT_DESTROY))
		return;
	/* @xfs-dm-inherit { */
	if (READ_ONCE(ip->i_dm_events) & XFS_DM_UNBORN)
		return;
	/* } @xfs-dm-inherit */
	fs = &ip->i_mount->m_dm->fs;
	value = xfs_dm_destroy_value(ip, dmname, &len);
	error = xfs_dm_note_prepare(&note, fs, DMAPI_EVENT_DESTROY,
				    sizeof(*p) + len, GFP_NOFS);
	if (!error) {
		p = xfs_dm_note_payload(&note);
		p->p_event.handle.offset = offsetof(typeof(*p), p_handle);
		p->p_event.handle.length = DMAPI_HANDLE_LEN;
		xfs_dm_handle_init(ip, p->p_handle);
		memcpy(p->p_event.attrname, dmname, sizeof(dmname));
		if (len) {
			p->p_event.attrcopy.offset = offsetof(typeof(*p),
							      p_value);
			p->p_event.attrcopy.length = len;
			memcpy(p->p_value, value, len);
		}
		xfs_dm_note_send(&note);
	} else if (error != -ENOLINK ||
		   READ_ONCE(fs->fs_policy[XFS_DM_CLASS_ASYNC]) ==
		   XFS_DM_POLICY_BLOCK) {
		xfs_dm_note_lost(fs);
	}
	kvfree(value);
}

/*
 * DMAPI_SET_RETURN_ON_DESTROY: EINVAL an empty name, or the session does not
 * get DESTROY of this file system.
 */
static long
xfs_dm_op_set_return_on_destroy(struct xfs_dm_call *call)
{
	struct dmapi_set_return_on_destroy *arg = (void *)call->arg.bytes;
	char			name[XFS_DM_ATTR_NAME_MAX];
	u8			dmname[DMAPI_ATTR_NAME_SIZE];

	if (arg->enable > 1 || arg->pad)
		return -EINVAL;
	if (!arg->enable)
		return xfs_dm_destroy_set(call->fs, call->s, arg->obj.sid,
					  NULL);
	if (copy_from_user(dmname, u64_to_user_ptr(arg->namep), sizeof(dmname)))
		return -EFAULT;
	if (!xfs_dm_attr_encode(dmname, name))
		return -EINVAL;
	return xfs_dm_destroy_set(call->fs, call->s, arg->obj.sid, dmname);
}

const struct xfs_dm_op xfs_dm_object_ops[] = {
	{
		.number	= DMAPI_SET_RETURN_ON_DESTROY,
		.size	= sizeof(struct dmapi_set_return_on_destroy),
		.needs	= XFS_DM_OP_OBJECT | XFS_DM_OP_FS | XFS_DM_OP_EXCL,
		.call	= xfs_dm_op_set_return_on_destroy,
	},
	{ },
};
