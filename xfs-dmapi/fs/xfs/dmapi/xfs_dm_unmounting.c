// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unmounting
 *
 * PREUNMOUNT is raised where the last mount of a file system is about to be
 * unmounted, with nothing held.  It needs a session that wants it, or the
 * unmount goes on; so it does if the file system was shut down.  By force or
 * lazily nobody may object, so nobody waits either.
 *
 * UNMOUNT tells how it ended: at once if the attempt failed, and when the
 * superblock is gone and its device is free if it did not, hours after a lazy
 * unmount perhaps, or without any unmount(2) if a namespace died.  It has a
 * token, as XDSM wants it, but nobody waits for the answer, and it refers to
 * nothing that could be gone.
 *
 * The session that gets the last message is looked up, and room for it is kept,
 * while the file system still has dispositions.
 */
#include "xfs_dm_compat.h"

#include "xfs_dm_hooks.h"
#include "xfs_dm.h"
#include "xfs_dm_session.h"

/* Make a message with a token that nobody waits for, and keep room for it. */
static int
xfs_dm_tell_prepare(struct xfs_dm_note *note, struct xfs_dm_fs *fs,
		    const struct xfs_dm_fs_payload *p, int event,
		    unsigned int len)
{
	int			error;

	error = xfs_dm_note_place(note, fs, event);
	if (error)
		return error;
	note->n_msg = xfs_dm_msg_alloc(event, len);
	if (!note->n_msg) {
		xfs_dm_note_leave(note);
		return -ENOMEM;
	}
	memcpy(note->n_msg->m_payload, p, len);
	return 0;
}

/* Send it.  Its token has the message from here on. */
static void
xfs_dm_tell_send(struct xfs_dm_note *note)
{
	if (xfs_dm_note_deliver(note))
		xfs_dm_msg_abandon(note->n_msg);
	xfs_dm_msg_put(note->n_msg);
}

/* PREUNMOUNT: all of it; UNMOUNT: the first handle, and how it ended. */
static unsigned int
xfs_dm_umount_payload(struct xfs_mount *mp, struct xfs_dm_fs_payload *p,
		      int event, bool forced, int error)
{
	bool			pre = event == DMAPI_EVENT_PREUNMOUNT;
	__u8			handle[DMAPI_HANDLE_LEN];

	memset(p, 0, sizeof(*p));
	p->p_event.mode = forced ? DMAPI_UNMOUNT_FORCE : 0;
	p->p_event.retcode = -error;
	if (pre)
		xfs_dm_handle_init(mp->m_rootip, handle);
	xfs_dm_fs_payload_fill(p, &mp->m_dm->fs, pre ? handle : NULL);
	return pre ? sizeof(*p) : offsetof(typeof(*p), p_handle);
}

static void
xfs_dm_umount_tell(struct xfs_mount *mp, int event, bool forced, int error)
{
	struct xfs_dm_fs	*fs = &mp->m_dm->fs;
	struct xfs_dm_fs_payload p;
	struct xfs_dm_note	note;
	unsigned int		len;

	if (!xfs_dm_fs_wants(fs, event))
		return;
	/* User space knows no signal's number. */
	if (error == -ERESTARTSYS)
		error = -EINTR;
	len = xfs_dm_umount_payload(mp, &p, event, forced, error);
	error = xfs_dm_tell_prepare(&note, fs, &p, event, len);
	if (!error)
		xfs_dm_tell_send(&note);
	else if (error != -ENOLINK)
		xfs_dm_note_lost(fs);
}

/**
 * xfs_dm_detach_begin() - the last mount of a file system is to be unmounted
 * @sb: its superblock
 * @forced: by force, or lazily
 *
 * Nothing is held.
 *
 * Return: 0; the errno of an ABORT; -EINTR or -ERESTARTSYS after a signal;
 * -ENOMEM.
 */
int
xfs_dm_detach_begin(struct super_block *sb, bool forced)
{
	struct xfs_mount	*mp = XFS_M(sb);
	struct xfs_dm_fs_payload p;
	struct xfs_dm_about	a = {
		.a_event	= DMAPI_EVENT_PREUNMOUNT,
		.a_handle	= p.p_handle,
	};
	struct xfs_dm_fs	*fs;
	struct xfs_dm_msg	*m;
	unsigned int		len;
	bool			answered = false;
	int			error = -ENOMEM;

	if (!mp->m_dm)
		return 0;
	fs = &mp->m_dm->fs;
	/* @xfs-dm-rights { */
	if (!forced && atomic_read(&fs->fs_rights))
		return -EBUSY;
	/* } @xfs-dm-rights */
	if (!xfs_dm_fs_wants(fs, a.a_event))
		return 0;
	if (forced) {
		xfs_dm_umount_tell(mp, a.a_event, true, 0);
		return 0;
	}

	len = xfs_dm_umount_payload(mp, &p, a.a_event, false, 0);
	m = xfs_dm_msg_alloc(a.a_event, len);
	if (m) {
		memcpy(m->m_payload, &p, len);
		error = xfs_dm_event_raise(fs, &a, m, &answered);
	}
	/* It was shut down, or somebody ended all waits. */
	if (error == -EIO && !answered)
		error = 0;
	if (error)
		xfs_dm_umount_tell(mp, DMAPI_EVENT_UNMOUNT, false, error);
	return error;
}

/**
 * xfs_dm_detach_end() - it was unmounted, or not
 * @sb: its superblock, which still exists
 * @forced: as above
 * @error: 0, or why not
 */
void
xfs_dm_detach_end(struct super_block *sb, bool forced, int error)
{
	struct xfs_mount	*mp = XFS_M(sb);

	if (!mp->m_dm)
		return;
	if (error)
		xfs_dm_umount_tell(mp, DMAPI_EVENT_UNMOUNT, forced, error);
	else
		WRITE_ONCE(mp->m_dm->forced, forced);
}

/**
 * xfs_dm_farewell() - a superblock is about to lose its dispositions
 * @mp: its mount
 *
 * Make the UNMOUNT that is sent by xfs_dm_farewell_send().  A mount that was
 * refused has not been one.
 */
void
xfs_dm_farewell(struct xfs_mount *mp)
{
	struct xfs_dm_mount	*dm = mp->m_dm;
	struct xfs_dm_fs_payload p;
	struct xfs_dm_note	*note;
	unsigned int		len;
	int			error = -ENOMEM;

	if (dm->attach == XFS_DM_REFUSED ||
	    !xfs_dm_fs_wants(&dm->fs, DMAPI_EVENT_UNMOUNT))
		return;
	len = xfs_dm_umount_payload(mp, &p, DMAPI_EVENT_UNMOUNT, dm->forced, 0);
	note = kzalloc_obj(*note, GFP_KERNEL);
	if (note)
		error = xfs_dm_tell_prepare(note, &dm->fs, &p,
					    DMAPI_EVENT_UNMOUNT, len);
	if (error) {
		kfree(note);
		/* Where losses are counted nobody can look any more. */
		if (error != -ENOLINK)
			xfs_warn(mp, "an UNMOUNT event is lost");
		return;
	}
	kref_get(&dm->fs.fs_ref);
	mp->m_dm_farewell = note;
}

/**
 * xfs_dm_farewell_send() - a superblock is gone, and its device is free
 * @mp: its mount
 */
void
xfs_dm_farewell_send(struct xfs_mount *mp)
{
	struct xfs_dm_note	*note = mp->m_dm_farewell;

	if (!note)
		return;
	mp->m_dm_farewell = NULL;
	xfs_dm_tell_send(note);
	xfs_dm_fs_put(note->n_fs);
	kfree(note);
}
