// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Nothing but checks, made when the library is compiled: the structures of
 * dmapi.h lie as SGI's do, on which existing DM applications rely, and as the
 * kernel's do, which are passed through.
 */
#include "dmapi_ext.h"
#include "libdm.h"

#define SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), "sizeof " #type)
#define AT(type, member, offset) \
	_Static_assert(offsetof(type, member) == (offset), #type "." #member)
#define SAME_SIZE(type, uapi) \
	_Static_assert(sizeof(type) == sizeof(struct uapi), "sizeof " #type)
#define SAME(type, member, uapi, field)					\
	_Static_assert(offsetof(type, member) ==			\
		       offsetof(struct uapi, field) &&			\
		       sizeof(((type *)0)->member) ==			\
		       sizeof(((struct uapi *)0)->field),		\
		       #type "." #member)
#define VALUE(ours, uapi) \
	_Static_assert((long)(ours) == (long)(uapi), #ours)

/* --- SGI ---------------------------------------------------------------- */

SIZE(dm_attrloc_t, 8);
SIZE(dm_boolean_t, 4);
SIZE(dm_eventset_t, 8);
SIZE(dm_fsid_t, 8);
SIZE(dm_ino_t, 8);
SIZE(dm_size_t, 8);
SIZE(dm_igen_t, 4);
SIZE(dm_off_t, 8);
SIZE(dm_ssize_t, 8);
SIZE(dm_dev_t, 8);
SIZE(dm_sequence_t, 4);
SIZE(dm_sessid_t, 4);
SIZE(dm_token_t, 4);
SIZE(dm_mode_t, 4);
SIZE(dm_nlink_t, 4);
SIZE(dm_config_t, 4);
SIZE(dm_eventtype_t, 4);
SIZE(dm_extenttype_t, 4);
SIZE(dm_msgtype_t, 4);
SIZE(dm_response_t, 4);
SIZE(dm_right_t, 4);

SIZE(dm_attrname_t, 8);
AT(dm_attrname_t, an_chars, 0);

SIZE(dm_attrlist_t, 20);
AT(dm_attrlist_t, _link, 0);
AT(dm_attrlist_t, al_name, 4);
AT(dm_attrlist_t, al_data, 12);

SIZE(dm_dispinfo_t, 24);
AT(dm_dispinfo_t, _link, 0);
AT(dm_dispinfo_t, di_pad1, 4);
AT(dm_dispinfo_t, di_fshandle, 8);
AT(dm_dispinfo_t, di_eventset, 16);

SIZE(dm_vardata_t, 8);
AT(dm_vardata_t, vd_offset, 0);
AT(dm_vardata_t, vd_length, 4);

SIZE(dm_eventmsg_t, 24);
AT(dm_eventmsg_t, _link, 0);
AT(dm_eventmsg_t, ev_type, 4);
AT(dm_eventmsg_t, ev_token, 8);
AT(dm_eventmsg_t, ev_sequence, 12);
AT(dm_eventmsg_t, ev_data, 16);

SIZE(dm_cancel_event_t, 8);
AT(dm_cancel_event_t, ce_sequence, 0);
AT(dm_cancel_event_t, ce_token, 4);

SIZE(dm_data_event_t, 24);
AT(dm_data_event_t, de_handle, 0);
AT(dm_data_event_t, de_offset, 8);
AT(dm_data_event_t, de_length, 16);

SIZE(dm_destroy_event_t, 24);
AT(dm_destroy_event_t, ds_handle, 0);
AT(dm_destroy_event_t, ds_attrname, 8);
AT(dm_destroy_event_t, ds_attrcopy, 16);

SIZE(dm_mount_event_t, 44);
AT(dm_mount_event_t, me_mode, 0);
AT(dm_mount_event_t, me_handle1, 4);
AT(dm_mount_event_t, me_handle2, 12);
AT(dm_mount_event_t, me_name1, 20);
AT(dm_mount_event_t, me_name2, 28);
AT(dm_mount_event_t, me_roothandle, 36);

SIZE(dm_namesp_event_t, 40);
AT(dm_namesp_event_t, ne_mode, 0);
AT(dm_namesp_event_t, ne_handle1, 4);
AT(dm_namesp_event_t, ne_handle2, 12);
AT(dm_namesp_event_t, ne_name1, 20);
AT(dm_namesp_event_t, ne_name2, 28);
AT(dm_namesp_event_t, ne_retcode, 36);

SIZE(dm_extent_t, 24);
AT(dm_extent_t, ex_type, 0);
AT(dm_extent_t, ex_pad1, 4);
AT(dm_extent_t, ex_offset, 8);
AT(dm_extent_t, ex_length, 16);

SIZE(dm_inherit_t, 12);
AT(dm_inherit_t, ih_name, 0);
AT(dm_inherit_t, ih_filetype, 8);

SIZE(dm_region_t, 24);
AT(dm_region_t, rg_offset, 0);
AT(dm_region_t, rg_size, 8);
AT(dm_region_t, rg_flags, 16);
AT(dm_region_t, rg_pad1, 20);

SIZE(dm_fid_t, 16);
AT(dm_fid_t, dm_fid_len, 0);
AT(dm_fid_t, dm_fid_pad, 2);
AT(dm_fid_t, dm_fid_gen, 4);
AT(dm_fid_t, dm_fid_ino, 8);

SIZE(dm_handle_t, 24);
AT(dm_handle_t, ha_fsid, 0);
AT(dm_handle_t, ha_fid, 8);

SIZE(dm_dioinfo_t, 16);
AT(dm_dioinfo_t, d_mem, 0);
AT(dm_dioinfo_t, d_miniosz, 4);
AT(dm_dioinfo_t, d_maxiosz, 8);
AT(dm_dioinfo_t, d_dio_only, 12);

#ifdef __LP64__		/* these hold a time_t */
SIZE(dm_fileattr_t, 64);
AT(dm_fileattr_t, fa_mode, 0);
AT(dm_fileattr_t, fa_uid, 4);
AT(dm_fileattr_t, fa_gid, 8);
AT(dm_fileattr_t, fa_atime, 16);
AT(dm_fileattr_t, fa_mtime, 24);
AT(dm_fileattr_t, fa_ctime, 32);
AT(dm_fileattr_t, fa_dtime, 40);
AT(dm_fileattr_t, fa_pad1, 48);
AT(dm_fileattr_t, fa_size, 56);

SIZE(dm_timestruct_t, 16);
AT(dm_timestruct_t, dm_tv_sec, 0);
AT(dm_timestruct_t, dm_tv_nsec, 8);

SIZE(dm_stat_t, 184);
AT(dm_stat_t, _link, 0);
AT(dm_stat_t, dt_handle, 4);
AT(dm_stat_t, dt_compname, 12);
AT(dm_stat_t, dt_nevents, 20);
AT(dm_stat_t, dt_emask, 24);
AT(dm_stat_t, dt_pers, 32);
AT(dm_stat_t, dt_pmanreg, 36);
AT(dm_stat_t, dt_dtime, 40);
AT(dm_stat_t, dt_change, 48);
AT(dm_stat_t, dt_pad1, 52);
AT(dm_stat_t, dt_dev, 56);
AT(dm_stat_t, dt_ino, 64);
AT(dm_stat_t, dt_mode, 72);
AT(dm_stat_t, dt_nlink, 76);
AT(dm_stat_t, dt_uid, 80);
AT(dm_stat_t, dt_gid, 84);
AT(dm_stat_t, dt_rdev, 88);
AT(dm_stat_t, dt_pad2, 96);
AT(dm_stat_t, dt_size, 104);
AT(dm_stat_t, dt_atime, 112);
AT(dm_stat_t, dt_mtime, 120);
AT(dm_stat_t, dt_ctime, 128);
AT(dm_stat_t, dt_blksize, 136);
AT(dm_stat_t, dt_blocks, 144);
AT(dm_stat_t, dt_pad3, 152);
AT(dm_stat_t, dt_fstype, 160);
AT(dm_stat_t, dt_xfs_igen, 164);
AT(dm_stat_t, dt_xfs_xflags, 168);
AT(dm_stat_t, dt_xfs_extsize, 172);
AT(dm_stat_t, dt_xfs_extents, 176);
AT(dm_stat_t, dt_xfs_aextents, 180);
AT(dm_stat_t, dt_xfs_dmstate, 182);

SIZE(dm_xstat_t, 192);
AT(dm_xstat_t, dx_statinfo, 0);
AT(dm_xstat_t, dx_attrdata, 184);
#endif

/* --- The kernel ----------------------------------------------------------- */

SAME_SIZE(dm_vardata_t, dmapi_vardata);
SAME(dm_vardata_t, vd_offset, dmapi_vardata, offset);
SAME(dm_vardata_t, vd_length, dmapi_vardata, length);

SAME_SIZE(dmx_response_t, dmapi_response);
SAME(dmx_response_t, token, dmapi_response, token);
SAME(dmx_response_t, response, dmapi_response, response);
SAME(dmx_response_t, reterror, dmapi_response, reterror);
SAME(dmx_response_t, error, dmapi_response, error);

SAME_SIZE(dm_eventmsg_t, dmapi_eventmsg);
SAME(dm_eventmsg_t, _link, dmapi_eventmsg, link);
SAME(dm_eventmsg_t, ev_type, dmapi_eventmsg, type);
SAME(dm_eventmsg_t, ev_token, dmapi_eventmsg, token);
SAME(dm_eventmsg_t, ev_sequence, dmapi_eventmsg, sequence);
SAME(dm_eventmsg_t, ev_data, dmapi_eventmsg, data);

SAME_SIZE(dm_data_event_t, dmapi_data_event);
SAME(dm_data_event_t, de_handle, dmapi_data_event, handle);
SAME(dm_data_event_t, de_offset, dmapi_data_event, offset);
SAME(dm_data_event_t, de_length, dmapi_data_event, length);

SAME_SIZE(dm_cancel_event_t, dmapi_cancel_event);
SAME(dm_cancel_event_t, ce_sequence, dmapi_cancel_event, sequence);
SAME(dm_cancel_event_t, ce_token, dmapi_cancel_event, token);

SAME_SIZE(dm_destroy_event_t, dmapi_destroy_event);
SAME(dm_destroy_event_t, ds_handle, dmapi_destroy_event, handle);
SAME(dm_destroy_event_t, ds_attrname, dmapi_destroy_event, attrname);
SAME(dm_destroy_event_t, ds_attrcopy, dmapi_destroy_event, attrcopy);

SAME_SIZE(dm_namesp_event_t, dmapi_namesp_event);
SAME(dm_namesp_event_t, ne_mode, dmapi_namesp_event, mode);
SAME(dm_namesp_event_t, ne_handle1, dmapi_namesp_event, handle1);
SAME(dm_namesp_event_t, ne_handle2, dmapi_namesp_event, handle2);
SAME(dm_namesp_event_t, ne_name1, dmapi_namesp_event, name1);
SAME(dm_namesp_event_t, ne_name2, dmapi_namesp_event, name2);
SAME(dm_namesp_event_t, ne_retcode, dmapi_namesp_event, retcode);

SAME_SIZE(dm_dispinfo_t, dmapi_dispinfo);
SAME(dm_dispinfo_t, _link, dmapi_dispinfo, link);
SAME(dm_dispinfo_t, di_fshandle, dmapi_dispinfo, fshandle);
SAME(dm_dispinfo_t, di_eventset, dmapi_dispinfo, eventset);

SAME_SIZE(dm_inherit_t, dmapi_inherit);
SAME(dm_inherit_t, ih_name, dmapi_inherit, name);
SAME(dm_inherit_t, ih_filetype, dmapi_inherit, filetype);

SAME_SIZE(dm_region_t, dmapi_region);
SAME(dm_region_t, rg_offset, dmapi_region, offset);
SAME(dm_region_t, rg_size, dmapi_region, size);
SAME(dm_region_t, rg_flags, dmapi_region, flags);
SAME(dm_region_t, rg_pad1, dmapi_region, pad);

SAME_SIZE(dm_extent_t, dmapi_extent);
SAME(dm_extent_t, ex_type, dmapi_extent, type);
SAME(dm_extent_t, ex_offset, dmapi_extent, offset);
SAME(dm_extent_t, ex_length, dmapi_extent, length);

SAME_SIZE(dm_dioinfo_t, dmapi_dioinfo);
SAME(dm_dioinfo_t, d_mem, dmapi_dioinfo, mem);
SAME(dm_dioinfo_t, d_miniosz, dmapi_dioinfo, miniosz);
SAME(dm_dioinfo_t, d_maxiosz, dmapi_dioinfo, maxiosz);
SAME(dm_dioinfo_t, d_dio_only, dmapi_dioinfo, dio_only);

SAME_SIZE(dm_attrlist_t, dmapi_attrlist);
SAME(dm_attrlist_t, _link, dmapi_attrlist, link);
SAME(dm_attrlist_t, al_name, dmapi_attrlist, name);
SAME(dm_attrlist_t, al_data, dmapi_attrlist, data);

#ifdef __LP64__		/* elsewhere they are converted */
SAME_SIZE(dm_stat_t, dmapi_stat);
SAME(dm_stat_t, _link, dmapi_stat, link);
SAME(dm_stat_t, dt_handle, dmapi_stat, handle);
SAME(dm_stat_t, dt_compname, dmapi_stat, compname);
SAME(dm_stat_t, dt_nevents, dmapi_stat, nevents);
SAME(dm_stat_t, dt_emask, dmapi_stat, emask);
SAME(dm_stat_t, dt_pers, dmapi_stat, pers);
SAME(dm_stat_t, dt_pmanreg, dmapi_stat, pmanreg);
SAME(dm_stat_t, dt_dtime, dmapi_stat, dtime);
SAME(dm_stat_t, dt_change, dmapi_stat, change);
SAME(dm_stat_t, dt_dev, dmapi_stat, dev);
SAME(dm_stat_t, dt_ino, dmapi_stat, ino);
SAME(dm_stat_t, dt_mode, dmapi_stat, mode);
SAME(dm_stat_t, dt_nlink, dmapi_stat, nlink);
SAME(dm_stat_t, dt_uid, dmapi_stat, uid);
SAME(dm_stat_t, dt_gid, dmapi_stat, gid);
SAME(dm_stat_t, dt_rdev, dmapi_stat, rdev);
SAME(dm_stat_t, dt_size, dmapi_stat, size);
SAME(dm_stat_t, dt_atime, dmapi_stat, atime);
SAME(dm_stat_t, dt_mtime, dmapi_stat, mtime);
SAME(dm_stat_t, dt_ctime, dmapi_stat, ctime);
SAME(dm_stat_t, dt_blksize, dmapi_stat, blksize);
SAME(dm_stat_t, dt_blocks, dmapi_stat, blocks);
SAME(dm_stat_t, dt_fstype, dmapi_stat, fstype);
SAME(dm_stat_t, dt_xfs_igen, dmapi_stat, igen);
SAME(dm_stat_t, dt_xfs_xflags, dmapi_stat, xflags);
SAME(dm_stat_t, dt_xfs_extsize, dmapi_stat, extsize);
SAME(dm_stat_t, dt_xfs_extents, dmapi_stat, extents);
SAME(dm_stat_t, dt_xfs_aextents, dmapi_stat, aextents);
SAME(dm_stat_t, dt_xfs_dmstate, dmapi_stat, dmstate);

SAME_SIZE(dm_xstat_t, dmapi_xstat);
SAME(dm_xstat_t, dx_attrdata, dmapi_xstat, attrdata);

SAME_SIZE(dm_fileattr_t, dmapi_fileattr);
SAME(dm_fileattr_t, fa_mode, dmapi_fileattr, mode);
SAME(dm_fileattr_t, fa_uid, dmapi_fileattr, uid);
SAME(dm_fileattr_t, fa_gid, dmapi_fileattr, gid);
SAME(dm_fileattr_t, fa_atime, dmapi_fileattr, atime);
SAME(dm_fileattr_t, fa_mtime, dmapi_fileattr, mtime);
SAME(dm_fileattr_t, fa_ctime, dmapi_fileattr, ctime);
SAME(dm_fileattr_t, fa_dtime, dmapi_fileattr, dtime);
SAME(dm_fileattr_t, fa_size, dmapi_fileattr, size);
#endif

VALUE(DM_NO_SESSION, DMAPI_NO_SESSION);
VALUE(DM_NO_TOKEN, DMAPI_NO_TOKEN);
VALUE(DM_INVALID_TOKEN, DMAPI_INVALID_TOKEN);
VALUE(DM_SESSION_INFO_LEN, DMAPI_SESSION_INFO_LEN);
VALUE(DM_ATTR_NAME_SIZE, DMAPI_ATTR_NAME_SIZE);
VALUE(DM_EV_WAIT, DMAPI_EV_WAIT);
VALUE(DM_RR_WAIT, DMAPI_RR_WAIT);
VALUE(DM_WRITE_SYNC, DMAPI_WRITE_SYNC);
VALUE(DM_RIGHT_NULL, DMAPI_RIGHT_NULL);
VALUE(DM_RIGHT_SHARED, DMAPI_RIGHT_SHARED);
VALUE(DM_RIGHT_EXCL, DMAPI_RIGHT_EXCL);
VALUE(DM_REGION_READ, DMAPI_REGION_READ);
VALUE(DM_REGION_WRITE, DMAPI_REGION_WRITE);
VALUE(DM_REGION_TRUNCATE, DMAPI_REGION_TRUNCATE);
VALUE(DM_RESP_CONTINUE, DMAPI_RESP_CONTINUE);
VALUE(DM_RESP_ABORT, DMAPI_RESP_ABORT);
VALUE(DM_RESP_DONTCARE, DMAPI_RESP_DONTCARE);
VALUE(DM_EXTENT_RES, DMAPI_EXTENT_RES);
VALUE(DM_EXTENT_HOLE, DMAPI_EXTENT_HOLE);
VALUE(DM_AT_MODE, DMAPI_AT_MODE);
VALUE(DM_AT_UID, DMAPI_AT_UID);
VALUE(DM_AT_GID, DMAPI_AT_GID);
VALUE(DM_AT_ATIME, DMAPI_AT_ATIME);
VALUE(DM_AT_MTIME, DMAPI_AT_MTIME);
VALUE(DM_AT_CTIME, DMAPI_AT_CTIME);
VALUE(DM_AT_SIZE, DMAPI_AT_SIZE);
VALUE(DM_AT_DTIME, DMAPI_AT_DTIME);
VALUE(DM_AT_HANDLE, DMAPI_AT_HANDLE);
VALUE(DM_AT_EMASK, DMAPI_AT_EMASK);
VALUE(DM_AT_PMANR, DMAPI_AT_PMANR);
VALUE(DM_AT_PATTR, DMAPI_AT_PATTR);
VALUE(DM_AT_STAT, DMAPI_AT_STAT);
VALUE(DM_AT_CFLAG, DMAPI_AT_CFLAG);
VALUE(DM_XFLAG_REALTIME, DMAPI_XFLAG_REALTIME);
VALUE(DM_XFLAG_PREALLOC, DMAPI_XFLAG_PREALLOC);
VALUE(DM_XFLAG_IMMUTABLE, DMAPI_XFLAG_IMMUTABLE);
VALUE(DM_XFLAG_APPEND, DMAPI_XFLAG_APPEND);
VALUE(DM_XFLAG_SYNC, DMAPI_XFLAG_SYNC);
VALUE(DM_XFLAG_NOATIME, DMAPI_XFLAG_NOATIME);
VALUE(DM_XFLAG_NODUMP, DMAPI_XFLAG_NODUMP);
VALUE(DM_XFLAG_HASATTR, DMAPI_XFLAG_HASATTR);
VALUE(DM_FSHSIZE, DMAPI_FSHANDLE_LEN);
VALUE(sizeof(dm_handle_t), DMAPI_HANDLE_LEN);
VALUE(1, DMAPI_GLOBAL_HANP);
VALUE(DM_GLOBAL_HLEN, DMAPI_GLOBAL_HLEN);
VALUE(DM_EVENT_CANCEL, DMAPI_EVENT_CANCEL);
VALUE(DM_EVENT_MOUNT, DMAPI_EVENT_MOUNT);
VALUE(DM_EVENT_PREUNMOUNT, DMAPI_EVENT_PREUNMOUNT);
VALUE(DM_EVENT_UNMOUNT, DMAPI_EVENT_UNMOUNT);
VALUE(DM_EVENT_DEBUT, DMAPI_EVENT_DEBUT);
VALUE(DM_EVENT_CREATE, DMAPI_EVENT_CREATE);
VALUE(DM_EVENT_CLOSE, DMAPI_EVENT_CLOSE);
VALUE(DM_EVENT_POSTCREATE, DMAPI_EVENT_POSTCREATE);
VALUE(DM_EVENT_REMOVE, DMAPI_EVENT_REMOVE);
VALUE(DM_EVENT_POSTREMOVE, DMAPI_EVENT_POSTREMOVE);
VALUE(DM_EVENT_RENAME, DMAPI_EVENT_RENAME);
VALUE(DM_EVENT_POSTRENAME, DMAPI_EVENT_POSTRENAME);
VALUE(DM_EVENT_LINK, DMAPI_EVENT_LINK);
VALUE(DM_EVENT_POSTLINK, DMAPI_EVENT_POSTLINK);
VALUE(DM_EVENT_SYMLINK, DMAPI_EVENT_SYMLINK);
VALUE(DM_EVENT_POSTSYMLINK, DMAPI_EVENT_POSTSYMLINK);
VALUE(DM_EVENT_READ, DMAPI_EVENT_READ);
VALUE(DM_EVENT_WRITE, DMAPI_EVENT_WRITE);
VALUE(DM_EVENT_TRUNCATE, DMAPI_EVENT_TRUNCATE);
VALUE(DM_EVENT_ATTRIBUTE, DMAPI_EVENT_ATTRIBUTE);
VALUE(DM_EVENT_DESTROY, DMAPI_EVENT_DESTROY);
VALUE(DM_EVENT_NOSPACE, DMAPI_EVENT_NOSPACE);
VALUE(DM_EVENT_USER, DMAPI_EVENT_USER);
VALUE(DM_EVENT_MAX, DMAPI_EVENT_MAX);

VALUE(DM_MOUNT_RDONLY, DMAPI_MOUNT_RDONLY);
VALUE(DM_UNMOUNT_FORCE, DMAPI_UNMOUNT_FORCE);
SAME_SIZE(dm_mount_event_t, dmapi_mount_event);
SAME(dm_mount_event_t, me_mode, dmapi_mount_event, mode);
SAME(dm_mount_event_t, me_handle1, dmapi_mount_event, handle1);
SAME(dm_mount_event_t, me_handle2, dmapi_mount_event, handle2);
SAME(dm_mount_event_t, me_name1, dmapi_mount_event, name1);
SAME(dm_mount_event_t, me_name2, dmapi_mount_event, name2);
SAME(dm_mount_event_t, me_roothandle, dmapi_mount_event, roothandle);

SAME_SIZE(dmx_session_state_t, dmapi_session_state);
SAME(dmx_session_state_t, sid, dmapi_session_state, sid);
SAME(dmx_session_state_t, flags, dmapi_session_state, flags);
SAME(dmx_session_state_t, created, dmapi_session_state, created);
SAME(dmx_session_state_t, assumed, dmapi_session_state, assumed);
SAME(dmx_session_state_t, got, dmapi_session_state, got);
SAME(dmx_session_state_t, oldest_queued, dmapi_session_state, oldest_queued);
SAME(dmx_session_state_t, oldest_delivered, dmapi_session_state, oldest_delivered);
SAME(dmx_session_state_t, queued, dmapi_session_state, queued);
SAME(dmx_session_state_t, delivered, dmapi_session_state, delivered);
SAME(dmx_session_state_t, getters, dmapi_session_state, getters);
SAME(dmx_session_state_t, tgid, dmapi_session_state, tgid);
SAME(dmx_session_state_t, comm, dmapi_session_state, comm);
SAME(dmx_session_state_t, info, dmapi_session_state, info);
VALUE(DMX_FD_ENDS, DMAPI_FD_ENDS);
VALUE(DMX_FD_WORKER, DMAPI_FD_WORKER);
VALUE(DMX_FSHANDLE_LEN, DMAPI_FSHANDLE_LEN);
VALUE(DMX_MAX_WORKER_FS, DMAPI_MAX_WORKER_FS);
VALUE(DMX_SID_FD(3), DMAPI_SID_FD(3));
VALUE(DMX_SESSION_MOUNT, DMAPI_SESSION_MOUNT);
VALUE(DMX_SESSION_BOUND, DMAPI_SESSION_BOUND);
VALUE(DMX_NEVER, DMAPI_NEVER);
