// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Each function makes the call that it should, with what it was given
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "libdm_test.h"

void test_before_init(void)
{
	unsigned int n;
	size_t len;
	void *hanp;

	CHECK_FAILS(dm_destroy_session(1), ENOSYS);
	CHECK_FAILS(dm_getall_sessions(0, NULL, &n), ENOSYS);
	CHECK_FAILS(dm_query_session(1, 0, NULL, &len), ENOSYS);
	CHECK_FAILS(dm_path_to_handle("/", &hanp, &len), ENOSYS);
	CHECK_FAILS(dm_read_invis(1, NULL, 0, DM_NO_TOKEN, 0, 0, NULL), ENOSYS);
	CHECK_FAILS(dmx_session_fd(1), ENOSYS);
	CHECK(kernel.calls == 0);
}

void test_init_service(void)
{
	static const char *const bad_nr[] = {
		NULL, "", "\n", "x\n", "12345x\n", "-1\n", "99999999999\n",
	};
	static const char *const bad_version[] = {
		NULL, "", "1.0\n", "-65536\n", "0x80000000\n",
	};
	char *unset = (char *)&kernel, *version = unset;
	size_t i;

	for (i = 0; i < N_BAD; i++)
		CHECK_FAILS(dm_init_service(bad_ptr(i)), EFAULT);
	CHECK_FAILS(dm_init_service((char **)rdonly), EFAULT);

	sysfs("version", "0x10000\n");
	for (i = 0; i < sizeof(bad_nr) / sizeof(*bad_nr); i++) {
		sysfs("syscall_nr", bad_nr[i]);
		CHECK_FAILS(dm_init_service(&version), ENOSYS);
		CHECK(strstr(dmx_init_error(), "CONFIG_XFS_DMAPI"));
	}
	sysfs("syscall_nr", "12345\n");
	for (i = 0; i < sizeof(bad_version) / sizeof(*bad_version); i++) {
		sysfs("version", bad_version[i]);
		CHECK_FAILS(dm_init_service(&version), ENOSYS);
	}
	sysfs("version", "0x00020003\n");
	CHECK_FAILS(dm_init_service(&version), EPROTONOSUPPORT);
	CHECK(strstr(dmx_init_error(), "is version 2.3, and this libdm knows 1."));
	CHECK(strstr(dmx_init_error(), "newer libdm"));
	sysfs("version", "0\n");
	CHECK_FAILS(dm_init_service(&version), EPROTONOSUPPORT);
	CHECK(strstr(dmx_init_error(), "newer kernel"));
	CHECK(kernel.calls == 0);

	sysfs("version", "65543\n");		/* 1.7 */
	kernel.error = ENODEV;
	CHECK_FAILS(dm_init_service(&version), ENODEV);
	CHECK(strstr(dmx_init_error(), "load xfs"));
	kernel.error = ENOMEDIUM;
	CHECK_FAILS(dm_init_service(&version), ENOSYS);
	CHECK(strstr(dmx_init_error(), "filter"));
	kernel.error = 0;
	kernel.version = 0x20000;
	CHECK_FAILS(dm_init_service(&version), EPROTONOSUPPORT);
	CHECK(version == unset);
	CHECK_FAILS(dm_destroy_session(1), ENOSYS);

	kernel.version = DMAPI_VERSION;
	kernel.error = EPERM;
	CHECK_FAILS(dm_init_service(&version), EPERM);
	CHECK(strstr(dmx_init_error(), "CAP_SYS_ADMIN"));
	/* A worker calls all the same. */
	CHECK(version != unset);
	version = unset;
	kernel.error = 0;
	CHECK(dm_destroy_session(1) == 0);

	kernel.calls = 0;
	kernel.version = DMAPI_VERSION + 7;
	CHECK(dm_init_service(&version) == 0);
	CHECK(called(DMAPI_GET_VERSION, NULL, 0));
	CHECK(strcmp(version, "SGI DMAPI (XDSM) API, Release 1.1.") == 0);

	sysfs("version", "0x00010000\n");	/* again, in hexadecimal */
	kernel.version = DMAPI_VERSION;
	CHECK(dm_init_service(&version) == 0);
	CHECK(strcmp(dmx_init_error(), "") == 0);
	kernel.calls = 0;
}

/* What an older kernel does not know is not an argument that is wrong. */
void test_older_kernel(void)
{
	kernel.error = EINVAL;
	CHECK_FAILS(dm_destroy_session(1), EINVAL);
	kernel.unknown = DMAPI_DESTROY_SESSION;
	CHECK_FAILS(dm_destroy_session(1), EINVAL);
	CHECK(kernel.calls == 2);

	kernel.error = 0;
	libdm_kernel_version = DMAPI_VERSION - 1;
	CHECK_FAILS(dm_destroy_session(1), ENOSYS);
	kernel.unknown = 0;
	kernel.error = EINVAL;
	CHECK_FAILS(dm_destroy_session(1), EINVAL);
	kernel.error = E2BIG;
	CHECK_FAILS(dm_destroy_session(1), E2BIG);
	kernel.error = 0;
	libdm_kernel_version = DMAPI_VERSION;
	kernel.calls = 0;
}

/* Pointers that are only passed through may be anything. */
#define PTR(n)	((void *)(uintptr_t)(0x1000 + (n)))
#define ADDR(n)	((__u64)(0x1000 + (n)))
#define SID	77
#define TOKEN	-5
#define OBJ	{ .sid = SID, .token = TOKEN, .hanp = ADDR(1), .hlen = 24 }
#define OBJARGS	SID, PTR(1), 24, TOKEN
#define CALLED(op, type, ...) \
	called(op, &(struct type) { __VA_ARGS__ }, sizeof(struct type))

void test_sessions(void)
{
	CHECK(dm_create_session(4, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_CREATE_SESSION, dmapi_create_session, .oldsid = 4,
			.info = ADDR(2), .newsidp = ADDR(3)));
	CHECK(dm_destroy_session(SID) == 0);
	CHECK(CALLED(DMAPI_DESTROY_SESSION, dmapi_session, .sid = SID));
	CHECK(dm_getall_sessions(9, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GETALL_SESSIONS, dmapi_getall_ids, .nelem = 9,
			.bufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dm_query_session(SID, 8, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_QUERY_SESSION, dmapi_getall, .sid = SID, .buflen = 8,
			.bufp = ADDR(2), .rlenp = ADDR(3)));
	kernel.ret = 11;
	CHECK(dmx_session_fd(SID) == 11);
	CHECK(CALLED(DMAPI_SESSION_FD, dmapi_session, .sid = SID));
	CHECK(dmx_open_session(SID, DMX_FD_WORKER, 2, PTR(2)) == 11);
	CHECK(CALLED(DMAPI_SESSION_FD, dmapi_session_fd, .sid = SID,
			.flags = 2, .nfs = 2, .fsp = ADDR(2)));
	kernel.ret = 0;
}

void test_events(void)
{
	CHECK(dm_get_events(SID, 5, DM_EV_WAIT, 4096, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GET_EVENTS, dmapi_get_events, .sid = SID,
			.maxmsgs = 5, .flags = 1, .buflen = 4096,
			.bufp = ADDR(2), .rlenp = ADDR(3)));
	CHECK(dm_respond_event(SID, TOKEN, DM_RESP_ABORT, EIO, 3, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_RESPOND_EVENT, dmapi_respond_event, .sid = SID,
			.token = TOKEN, .response = 2, .reterror = EIO,
			.buflen = 3, .respbufp = ADDR(2)));
	CHECK(dm_pending(SID, TOKEN, &(dm_timestruct_t){ 7, 8 }) == 0);
	CHECK(CALLED(DMAPI_PENDING, dmapi_pending, .sid = SID, .token = TOKEN,
			.sec = 7, .nsec = 8));
	errno = 0;
	CHECK(dm_pending(SID, TOKEN, NULL) == -1 && errno == EFAULT);
	CHECK(dm_pending(SID, TOKEN, (void *)8) == -1 && errno == EFAULT);
	CHECK(dm_move_event(SID, TOKEN, 78, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_MOVE_EVENT, dmapi_move_event, .sid = SID,
			.token = TOKEN, .targetsid = 78, .rtokenp = ADDR(2)));
	CHECK(dm_create_userevent(SID, 5, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_CREATE_USEREVENT, dmapi_create_userevent, .sid = SID,
			.msglen = 5, .msgdatap = ADDR(2), .tokenp = ADDR(3)));
	CHECK(dm_send_msg(SID, DM_MSGTYPE_ASYNC, 6, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_SEND_MSG, dmapi_send_msg, .sid = SID, .msgtype = 2,
			.buflen = 6, .bufp = ADDR(2)));
	CHECK(dm_find_eventmsg(SID, TOKEN, 64, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_FIND_EVENTMSG, dmapi_find_eventmsg, .sid = SID,
			.token = TOKEN, .buflen = 64, .bufp = ADDR(2),
			.rlenp = ADDR(3)));
	CHECK(dm_getall_tokens(SID, 3, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GETALL_TOKENS, dmapi_getall_ids, .sid = SID,
			.nelem = 3, .bufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dm_set_disp(OBJARGS, PTR(2), 23) == 0);
	CHECK(CALLED(DMAPI_SET_DISP, dmapi_set_disp, .obj = OBJ,
			.eventsetp = ADDR(2), .maxevent = 23));
	CHECK(dm_getall_disp(SID, 8, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GETALL_DISP, dmapi_getall, .sid = SID, .buflen = 8,
			.bufp = ADDR(2), .rlenp = ADDR(3)));
}

void test_eventlists(void)
{
	CHECK(dm_set_eventlist(OBJARGS, PTR(2), 17) == 0);
	CHECK(CALLED(DMAPI_SET_EVENTLIST, dmapi_set_disp, .obj = OBJ,
			.eventsetp = ADDR(2), .maxevent = 17));
	CHECK(dm_get_eventlist(OBJARGS, 23, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GET_EVENTLIST, dmapi_get_eventlist, .obj = OBJ,
			.nelem = 23, .eventsetp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dmx_set_born(OBJARGS, 1ULL << 40 | 5, DM_REGION_WRITE) == 0);
	CHECK(CALLED(DMAPI_SET_BORN, dmapi_set_born, .obj = OBJ,
			.events = 1ULL << 40 | 5, .regions = 2));
	CHECK(dmx_get_born(OBJARGS, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GET_BORN, dmapi_get_born, .obj = OBJ,
			.eventsp = ADDR(2), .regionsp = ADDR(3)));
	CHECK(dm_set_return_on_destroy(OBJARGS, PTR(2), 7) == 0);
	CHECK(CALLED(DMAPI_SET_RETURN_ON_DESTROY, dmapi_set_return_on_destroy,
			.obj = OBJ, .namep = ADDR(2), .enable = 1));
	CHECK(dm_set_return_on_destroy(OBJARGS, NULL, DM_FALSE) == 0);
	CHECK(CALLED(DMAPI_SET_RETURN_ON_DESTROY, dmapi_set_return_on_destroy,
			.obj = OBJ));
	kernel.error = E2BIG;
	CHECK_FAILS(dm_get_eventlist(OBJARGS, 4, PTR(2), PTR(3)), E2BIG);
	kernel.error = 0;
	kernel.calls = 0;
}

void test_config(void)
{
	CHECK(dm_get_config(PTR(1), 24, DM_CONFIG_WILL_RETRY, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_GET_CONFIG, dmapi_get_config,
			.obj = { .sid = DM_NO_SESSION, .token = DM_NO_TOKEN,
				 .hanp = ADDR(1), .hlen = 24 },
			.flagname = 19, .retvalp = ADDR(2)));
	CHECK(dm_get_config_events(PTR(1), 8, 23, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GET_CONFIG_EVENTS, dmapi_get_config_events,
			.obj = { .sid = DM_NO_SESSION, .token = DM_NO_TOKEN,
				 .hanp = ADDR(1), .hlen = 8 },
			.nelem = 23, .eventsetp = ADDR(2), .nelemp = ADDR(3)));
}

void test_file(void)
{
	CHECK(dm_set_region(OBJARGS, 2, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_SET_REGION, dmapi_set_region, .obj = OBJ, .nelem = 2,
			.regbufp = ADDR(2), .exactp = ADDR(3)));
	CHECK(dm_get_region(OBJARGS, 2, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GET_REGION, dmapi_get_region, .obj = OBJ, .nelem = 2,
			.regbufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dm_punch_hole(OBJARGS, -7, 1ULL << 63) == 0);
	CHECK(CALLED(DMAPI_PUNCH_HOLE, dmapi_range, .obj = OBJ, .off = -7,
			.len = 1ULL << 63));
	CHECK(dmx_set_resident(OBJARGS, 65536, 4096) == 0);
	CHECK(CALLED(DMAPI_SET_RESIDENT, dmapi_range, .obj = OBJ, .off = 65536,
			.len = 4096));
	CHECK(dmx_respond_events(9, 3, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_RESPOND_EVENTS, dmapi_respond_events, .sid = 9, .nelem = 3,
			.bufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dmx_get_change(OBJARGS, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_GET_CHANGE, dmapi_get_change, .obj = OBJ,
			.changep = ADDR(2)));
	CHECK(dmx_punch_hole_if(OBJARGS, -7, 1ULL << 63, 5ULL << 40) == 0);
	CHECK(CALLED(DMAPI_PUNCH_IF, dmapi_punch_if, .obj = OBJ, .off = -7,
			.len = 1ULL << 63, .change = 5ULL << 40));
	CHECK(dmx_stage(OBJARGS, 9, 4096, 65536, 1ULL << 40, 5ULL << 40) == 0);
	CHECK(CALLED(DMAPI_STAGE, dmapi_stage, .obj = OBJ, .fd = 9,
			.stage_off = 4096, .off = 65536, .len = 1ULL << 40,
			.change = 5ULL << 40));
	CHECK(dmx_set_managed(OBJARGS, 7) == 0);
	CHECK(CALLED(DMAPI_SET_MANAGED, dmapi_set_managed, .obj = OBJ, .on = 1));
	CHECK(dm_probe_hole(OBJARGS, 1, 2, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_PROBE_HOLE, dmapi_probe_hole, .obj = OBJ, .off = 1,
			.len = 2, .roffp = ADDR(2), .rlenp = ADDR(3)));
	kernel.ret = 1;
	CHECK(dm_get_allocinfo(OBJARGS, PTR(2), 4, PTR(3), PTR(4)) == 1);
	CHECK(CALLED(DMAPI_GET_ALLOCINFO, dmapi_get_allocinfo, .obj = OBJ,
			.offp = ADDR(2), .nelem = 4, .extentp = ADDR(3),
			.nelemp = ADDR(4)));
#ifdef __LP64__
	kernel.ret = 0x123456789L;
#endif
	CHECK(dm_read_invis(OBJARGS, 3, 1ULL << 40, PTR(2)) == kernel.ret);
	CHECK(CALLED(DMAPI_READ_INVIS, dmapi_io, .obj = OBJ, .off = 3,
			.len = 1ULL << 40, .bufp = ADDR(2)));
	CHECK(dm_write_invis(OBJARGS, DM_WRITE_SYNC, 3, 4, PTR(2)) == kernel.ret);
	CHECK(CALLED(DMAPI_WRITE_INVIS, dmapi_io, .obj = OBJ, .off = 3, .len = 4,
			.bufp = ADDR(2), .flags = 1));
	kernel.ret = 0;
	CHECK(dm_sync_by_handle(OBJARGS) == 0);
	CHECK(called(DMAPI_SYNC_BY_HANDLE, &(struct dmapi_object) OBJ,
			sizeof(struct dmapi_object)));
	CHECK(dm_get_dioinfo(OBJARGS, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_GET_DIOINFO, dmapi_get_dioinfo, .obj = OBJ,
			.diop = ADDR(2)));
	kernel.ret = 7;
	CHECK(dm_open_by_handle(PTR(1), 24, O_RDWR) == 7);
	CHECK(CALLED(DMAPI_OPEN_BY_HANDLE, dmapi_open_by_handle,
			.obj = { .token = -1, .hanp = ADDR(1), .hlen = 24 },
			.flags = O_RDWR));
	kernel.ret = 0;
	CHECK(dm_handle_to_path(PTR(1), 24, PTR(2), 23, 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_HANDLE_TO_PATH, dmapi_handle_to_path,
			.obj = { .token = -1, .hanp = ADDR(1), .hlen = 24 },
			.targhanp = ADDR(2), .targhlen = 23, .buflen = 9,
			.pathbufp = ADDR(3), .rlenp = ADDR(4)));
	CHECK(dm_create_by_handle(OBJARGS, PTR(2), 24, PTR(3)) == 0);
	CHECK(CALLED(DMAPI_CREATE_BY_HANDLE, dmapi_create_by_handle, .obj = OBJ,
			.targhanp = ADDR(2), .targhlen = 24, .namep = ADDR(3)));
	CHECK(dm_mkdir_by_handle(OBJARGS, PTR(2), 24, PTR(3)) == 0);
	CHECK(CALLED(DMAPI_MKDIR_BY_HANDLE, dmapi_create_by_handle, .obj = OBJ,
			.targhanp = ADDR(2), .targhlen = 24, .namep = ADDR(3)));
	CHECK(dm_symlink_by_handle(OBJARGS, PTR(2), 24, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_SYMLINK_BY_HANDLE, dmapi_create_by_handle, .obj = OBJ,
			.targhanp = ADDR(2), .targhlen = 24, .namep = ADDR(3),
			.pathp = ADDR(4)));
	kernel.error = EBUSY;
	CHECK_FAILS(dm_punch_hole(OBJARGS, 0, 0), EBUSY);
	kernel.error = 0;
	kernel.calls = 0;
}

void test_rights(void)
{
	static const struct dmapi_object obj = OBJ;

	CHECK(dm_request_right(OBJARGS, DM_RR_WAIT, DM_RIGHT_EXCL) == 0);
	CHECK(CALLED(DMAPI_REQUEST_RIGHT, dmapi_request_right, .obj = OBJ,
			.flags = 1, .right = 2));
	CHECK(dm_query_right(OBJARGS, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_QUERY_RIGHT, dmapi_query_right, .obj = OBJ,
			.rightp = ADDR(2)));
	CHECK(dm_release_right(OBJARGS) == 0);
	CHECK(called(DMAPI_RELEASE_RIGHT, &obj, sizeof(obj)));
	CHECK(dm_upgrade_right(OBJARGS) == 0);
	CHECK(called(DMAPI_UPGRADE_RIGHT, &obj, sizeof(obj)));
	CHECK(dm_downgrade_right(OBJARGS) == 0);
	CHECK(called(DMAPI_DOWNGRADE_RIGHT, &obj, sizeof(obj)));
	CHECK(dm_obj_ref_hold(SID, TOKEN, PTR(1), 24) == 0);
	CHECK(called(DMAPI_OBJ_REF_HOLD, &obj, sizeof(obj)));
	CHECK(dm_obj_ref_rele(SID, TOKEN, PTR(1), 24) == 0);
	CHECK(called(DMAPI_OBJ_REF_RELE, &obj, sizeof(obj)));
	kernel.ret = 1;
	CHECK(dm_obj_ref_query(SID, TOKEN, PTR(1), 24) == 1);
	CHECK(called(DMAPI_OBJ_REF_QUERY, &obj, sizeof(obj)));
	kernel.ret = 0;
	kernel.error = EDEADLK;
	CHECK_FAILS(dm_request_right(OBJARGS, DM_RR_WAIT, DM_RIGHT_SHARED),
			EDEADLK);
	kernel.error = 0;
	kernel.calls = 0;
}

void test_dmattr(void)
{
	CHECK(dm_set_dmattr(OBJARGS, PTR(2), -3, 9, PTR(3)) == 0);
	CHECK(CALLED(DMAPI_SET_DMATTR, dmapi_dmattr, .obj = OBJ, .namep = ADDR(2),
			.setdtime = 1, .buflen = 9, .bufp = ADDR(3)));
	CHECK(dm_get_dmattr(OBJARGS, PTR(2), 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_GET_DMATTR, dmapi_dmattr, .obj = OBJ, .namep = ADDR(2),
			.buflen = 9, .bufp = ADDR(3), .rlenp = ADDR(4)));
	CHECK(dm_get_mountinfo(OBJARGS, 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_GET_MOUNTINFO, dmapi_get_mountinfo, .obj = OBJ,
			.buflen = 9, .bufp = ADDR(3), .rlenp = ADDR(4)));
	CHECK(dm_getall_dmattr(OBJARGS, 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_GETALL_DMATTR, dmapi_dmattr, .obj = OBJ, .buflen = 9,
			.bufp = ADDR(3), .rlenp = ADDR(4)));
	CHECK(dm_set_inherit(OBJARGS, PTR(2), S_IFDIR) == 0);
	CHECK(CALLED(DMAPI_SET_INHERIT, dmapi_set_inherit, .obj = OBJ,
			.namep = ADDR(2), .mode = S_IFDIR));
	CHECK(dm_clear_inherit(OBJARGS, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_CLEAR_INHERIT, dmapi_set_inherit, .obj = OBJ,
			.namep = ADDR(2)));
	CHECK(dm_getall_inherit(OBJARGS, 9, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GETALL_INHERIT, dmapi_getall_inherit, .obj = OBJ,
			.nelem = 9, .bufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dm_remove_dmattr(OBJARGS, 0, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_REMOVE_DMATTR, dmapi_dmattr, .obj = OBJ,
			.namep = ADDR(2)));
}

void test_fileattr(void)
{
	CHECK(dm_get_fileattr(OBJARGS, 7, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_GET_FILEATTR, dmapi_get_fileattr, .obj = OBJ,
			.mask = 7, .statp = ADDR(2)));
	CHECK(dm_set_fileattr(OBJARGS, 7, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_SET_FILEATTR, dmapi_set_fileattr, .obj = OBJ,
			.mask = 7, .attrp = ADDR(2)));
	CHECK(dm_init_attrloc(OBJARGS, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_INIT_ATTRLOC, dmapi_init_attrloc, .obj = OBJ,
			.locp = ADDR(2)));
	kernel.ret = 1;
	CHECK(dm_get_bulkattr(OBJARGS, 7, PTR(2), 9, PTR(3), PTR(4)) == 1);
	CHECK(CALLED(DMAPI_GET_BULKATTR, dmapi_get_bulk, .obj = OBJ, .mask = 7,
			.locp = ADDR(2), .buflen = 9, .bufp = ADDR(3),
			.rlenp = ADDR(4)));
	kernel.ret = 0;
	CHECK(dm_get_bulkall(OBJARGS, 7, PTR(5), PTR(2), 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_GET_BULKALL, dmapi_get_bulk, .obj = OBJ, .mask = 7,
			.namep = ADDR(5), .locp = ADDR(2), .buflen = 9,
			.bufp = ADDR(3), .rlenp = ADDR(4)));
	CHECK(dm_get_dirattrs(OBJARGS, 7, PTR(2), 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_GET_DIRATTRS, dmapi_get_bulk, .obj = OBJ, .mask = 7,
			.locp = ADDR(2), .buflen = 9, .bufp = ADDR(3),
			.rlenp = ADDR(4)));
	kernel.error = E2BIG;
	CHECK_FAILS(dm_get_bulkattr(OBJARGS, 7, PTR(2), 9, PTR(3), PTR(4)), E2BIG);
	kernel.error = 0;
}
