// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A file's managed regions, data and blocks
 */
#include "dmapi_ext.h"
#include "libdm.h"

int dm_set_region(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		unsigned int nelem, dm_region_t *regbufp,
		dm_boolean_t *exactflagp)
{
	struct dmapi_set_region arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.nelem = nelem,
		.regbufp = dm_ptr(regbufp),
		.exactp = dm_ptr(exactflagp),
	};

	return dm_call(DMAPI_SET_REGION, &arg, sizeof(arg));
}

int dm_get_region(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		unsigned int nelem, dm_region_t *regbufp, unsigned int *nelemp)
{
	struct dmapi_get_region arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.nelem = nelem,
		.regbufp = dm_ptr(regbufp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_GET_REGION, &arg, sizeof(arg));
}

static int call_range(unsigned int op, dm_sessid_t sid, void *hanp,
		size_t hlen, dm_token_t token, dm_off_t off, dm_size_t len)
{
	struct dmapi_range arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.off = off,
		.len = len,
	};

	return dm_call(op, &arg, sizeof(arg));
}

int dmx_set_resident(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len)
{
	return call_range(DMAPI_SET_RESIDENT, sid, hanp, hlen, token, off, len);
}

int dmx_set_managed(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_boolean_t on)
{
	struct dmapi_set_managed arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.on = on != DM_FALSE,
	};

	return dm_call(DMAPI_SET_MANAGED, &arg, sizeof(arg));
}

int dm_punch_hole(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_off_t off, dm_size_t len)
{
	return call_range(DMAPI_PUNCH_HOLE, sid, hanp, hlen, token, off, len);
}

int dmx_get_change(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, uint64_t *changep)
{
	struct dmapi_get_change arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.changep = dm_ptr(changep),
	};

	return dm_call(DMAPI_GET_CHANGE, &arg, sizeof(arg));
}

int dmx_punch_hole_if(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len, uint64_t change)
{
	struct dmapi_punch_if arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.off = off,
		.len = len,
		.change = change,
	};

	return dm_call(DMAPI_PUNCH_IF, &arg, sizeof(arg));
}

int dmx_stage(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		int fd, dm_off_t stage_off, dm_off_t off, dm_size_t len,
		uint64_t change)
{
	struct dmapi_stage arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.fd = fd,
		.stage_off = stage_off,
		.off = off,
		.len = len,
		.change = change,
	};

	return dm_call(DMAPI_STAGE, &arg, sizeof(arg));
}

int dm_probe_hole(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_off_t off, dm_size_t len, dm_off_t *roffp, dm_size_t *rlenp)
{
	struct dmapi_probe_hole arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.off = off,
		.len = len,
		.roffp = dm_ptr(roffp),
		.rlenp = dm_ptr(rlenp),
	};

	return dm_call(DMAPI_PROBE_HOLE, &arg, sizeof(arg));
}

int dm_get_allocinfo(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t *offp, unsigned int nelem,
		dm_extent_t *extentp, unsigned int *nelemp)
{
	struct dmapi_get_allocinfo arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.offp = dm_ptr(offp),
		.nelem = nelem,
		.extentp = dm_ptr(extentp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_GET_ALLOCINFO, &arg, sizeof(arg));
}

int dm_get_dioinfo(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_dioinfo_t *diop)
{
	struct dmapi_get_dioinfo arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.diop = dm_ptr(diop),
	};

	return dm_call(DMAPI_GET_DIOINFO, &arg, sizeof(arg));
}

dm_ssize_t dm_read_invis(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len, void *bufp)
{
	struct dmapi_io arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.off = off,
		.len = len,
		.bufp = dm_ptr(bufp),
	};

	return dm_call(DMAPI_READ_INVIS, &arg, sizeof(arg));
}

dm_ssize_t dm_write_invis(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, int flags, dm_off_t off, dm_size_t len,
		void *bufp)
{
	struct dmapi_io arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.off = off,
		.len = len,
		.bufp = dm_ptr(bufp),
		.flags = flags,
	};

	return dm_call(DMAPI_WRITE_INVIS, &arg, sizeof(arg));
}

int dm_sync_by_handle(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token)
{
	struct dmapi_object arg = dm_object(sid, token, hanp, hlen);

	return dm_call(DMAPI_SYNC_BY_HANDLE, &arg, sizeof(arg));
}
