// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * DM attributes: opaque values that nobody else sees
 */
#include "libdm.h"

int dm_set_dmattr(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_attrname_t *attrnamep, int setdtime, size_t buflen,
		void *bufp)
{
	struct dmapi_dmattr arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.namep = dm_ptr(attrnamep),
		.setdtime = !!setdtime,
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call(DMAPI_SET_DMATTR, &arg, sizeof(arg));
}

int dm_get_dmattr(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		dm_attrname_t *attrnamep, size_t buflen, void *bufp,
		size_t *rlenp)
{
	struct dmapi_dmattr arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.namep = dm_ptr(attrnamep),
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call_len(DMAPI_GET_DMATTR, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}

int dm_getall_dmattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, size_t buflen, void *bufp, size_t *rlenp)
{
	struct dmapi_dmattr arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return dm_call_len(DMAPI_GETALL_DMATTR, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}

int dm_remove_dmattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, int setdtime, dm_attrname_t *attrnamep)
{
	struct dmapi_dmattr arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.namep = dm_ptr(attrnamep),
		.setdtime = !!setdtime,
	};

	return dm_call(DMAPI_REMOVE_DMATTR, &arg, sizeof(arg));
}

int dm_set_inherit(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep, mode_t mode)
{
	struct dmapi_set_inherit arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.namep = dm_ptr(attrnamep),
		.mode = mode,
	};

	return dm_call(DMAPI_SET_INHERIT, &arg, sizeof(arg));
}

int dm_clear_inherit(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep)
{
	struct dmapi_set_inherit arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.namep = dm_ptr(attrnamep),
	};

	return dm_call(DMAPI_CLEAR_INHERIT, &arg, sizeof(arg));
}

int dm_getall_inherit(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int nelem,
		dm_inherit_t *inheritbufp, unsigned int *nelemp)
{
	struct dmapi_getall_inherit arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.nelem = nelem,
		.bufp = dm_ptr(inheritbufp),
		.nelemp = dm_ptr(nelemp),
	};

	return dm_call(DMAPI_GETALL_INHERIT, &arg, sizeof(arg));
}
