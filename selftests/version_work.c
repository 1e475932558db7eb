// SPDX-License-Identifier: GPL-2.0-only
/*
 * A DM application with a libdm of another version, for versions_test.sh
 *
 *	version_NAME FILE
 *
 * Each is linked with libdm as it would be if linux/dmapi.h were another one;
 * versions_test.sh tells how they differ.  Says how dm_init_service() ended and,
 * if there is a service, some calls; FILE is on a managed file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dmapi_ext.h>

static void say(const char *what, int ret)
{
	printf("%s %s\n", what, ret < 0 ? strerrorname_np(errno) : "OK");
}

int main(int argc, char **argv)
{
	dm_sessid_t sid = DM_NO_SESSION;
	char *version, info[DM_SESSION_INFO_LEN];
	unsigned long long change;
	void *hanp = NULL;
	size_t len = 0;

	if (dm_init_service(&version)) {
		printf("%s: %s\n", strerrorname_np(errno), dmx_init_error());
		return 1;
	}
	if (argc < 2)
		return 0;
	say("session", dm_create_session(DM_NO_SESSION, "versions", &sid));
	say("query", dm_query_session(sid, sizeof(info), info, &len));
	say("handle", dm_path_to_handle(argv[1], &hanp, &len));
	say("sync", dm_sync_by_handle(sid, hanp, len, DM_NO_TOKEN));
	say("change", dmx_get_change(sid, hanp, len, DM_NO_TOKEN, (uint64_t *)&change));
	say("nobody's", dm_query_session(-5, sizeof(info), info, &len));
	say("end", dm_destroy_session(sid));
	return 0;
}
