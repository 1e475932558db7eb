// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libdm_test - the library without a kernel that knows the call; output is TAP
 */
#include "libdm_test.h"

bool test_failed;

static void test_macros(void)
{
	struct {
		dm_eventmsg_t msg;
		dm_data_event_t de;
		char handle[24];
	} m[2] = { {
		.msg.ev_data = { 24, sizeof(dm_data_event_t) + 24 },
		.de.de_handle = { sizeof(dm_data_event_t), 24 },
	} };
	dm_eventset_t set = ~0ULL;
	int ev;

	DMEV_ZERO(set);
	CHECK(set == 0);
	for (ev = 0; ev < 64; ev++) {
		CHECK(!DMEV_ISSET(ev, set));
		DMEV_SET(ev, set);
		CHECK(set == 1ULL << ev);
		CHECK(DMEV_ISSET(ev, set) == 1);
		DMEV_CLR(ev, set);
		CHECK(set == 0);
	}
	DMEV_SET(DM_EVENT_READ, set);
	DMEV_SET(DM_EVENT_WRITE, set);
	CHECK(set == 0x30000);

	CHECK(DM_GET_VALUE(&m[0].msg, ev_data, dm_data_event_t *) == &m[0].de);
	CHECK(DM_GET_LEN(&m[0].msg, ev_data) == 48);
	CHECK(DM_GET_VALUE(&m[0].de, de_handle, void *) == m[0].handle);
	CHECK(DM_STEP_TO_NEXT(&m[0].msg, dm_eventmsg_t *) == NULL);
	m[0].msg._link = sizeof(m[0]);
	CHECK(DM_STEP_TO_NEXT(&m[0].msg, dm_eventmsg_t *) == &m[1].msg);
}

static const struct {
	const char	*name;
	void		(*fn)(void);
	bool		no_vm;
} table[] = {
	{ "before dm_init_service", test_before_init, false },
	{ "dm_init_service", test_init_service, false },
	{ "an older kernel", test_older_kernel, false },
	{ "sessions", test_sessions, false },
	{ "events", test_events, false },
	{ "event lists", test_eventlists, false },
	{ "configuration", test_config, false },
	{ "regions, data, holes", test_file, false },
	{ "rights, references", test_rights, false },
	{ "DM attributes", test_dmattr, false },
	{ "attributes and scans", test_fileattr, false },
	{ "handles from the kernel", test_kernel_handles, false },
	{ "making handles", test_make_handle, false },
	{ "taking handles apart", test_take_handle, false },
	{ "comparing handles", test_compare_handle, false },
	{ "handles from the kernel, by pipe", test_kernel_handles, true },
	{ "making handles, by pipe", test_make_handle, true },
	{ "taking handles apart, by pipe", test_take_handle, true },
	{ "comparing handles, by pipe", test_compare_handle, true },
	{ "macros", test_macros, false },
};

int main(void)
{
	const int n = sizeof(table) / sizeof(*table);
	int tests, failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_bad_memory();
	sysfs("syscall_nr", NULL);
	sysfs("version", NULL);
	printf("TAP version 13\n1..%d\n", n);
	for (tests = 0; tests < n; tests++) {
		test_failed = false;
		kernel.no_vm = table[tests].no_vm;
		table[tests].fn();
		printf("%sok %d - %s\n", test_failed ? "not " : "", tests + 1,
			table[tests].name);
		failures += test_failed;
	}
	return failures != 0;
}
