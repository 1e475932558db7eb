// SPDX-License-Identifier: GPL-2.0-only
/* What an application can ask before it has a session. */
#include "common.h"

#define EVENTS		((1ULL << DMAPI_EVENT_MAX) - 1)

FIXTURE(config)
{
	char		dir[256];
	struct dm_handle h[4];		/* file system, directory, file, link */
	struct dmapi_object o[4];
};

FIXTURE_SETUP(config)
{
	char name[300];
	struct dm_file f;
	long ret = dmapi_get_version();
	int i;

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/config.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &self->h[0]));
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->h[1]));
	ASSERT_EQ(0, dm_make_file(&f, 0, self->dir, "f", 10));
	self->h[2] = f.h;
	snprintf(name, sizeof(name), "%s/l", self->dir);
	ASSERT_EQ(0, symlink("f", name));
	ASSERT_EQ(0, dm_path_handle(name, &self->h[3]));
	for (i = 0; i < 4; i++)
		self->o[i] = dm_obj(DMAPI_NO_SESSION, &self->h[i]);
}

FIXTURE_TEARDOWN(config)
{
	dm_rm_rf(self->dir);
}

TEST_F(config, values)
{
	static const __u64 want[DMAPI_CONFIG_LAST + 1] = {
		[DMAPI_CONFIG_CREATE_BY_HANDLE] = 1,
		[DMAPI_CONFIG_BULKALL] = 1,
		[DMAPI_CONFIG_DTIME_OVERLOAD] = 1,
		[DMAPI_CONFIG_LEGACY] = 1,
		[DMAPI_CONFIG_LOCK_UPGRADE] = 1,
		[DMAPI_CONFIG_MAX_ATTR_ON_DESTROY] = 4096,
		[DMAPI_CONFIG_MAX_ATTRIBUTE_SIZE] = 65536,
		[DMAPI_CONFIG_MAX_HANDLE_SIZE] = 56,
		[DMAPI_CONFIG_MAX_MANAGED_REGIONS] = 1024,
		[DMAPI_CONFIG_MAX_MESSAGE_DATA] = 65536,
		[DMAPI_CONFIG_OBJ_REF] = 1,
		[DMAPI_CONFIG_PENDING] = 1,
		[DMAPI_CONFIG_PERS_ATTRIBUTES] = 1,
		[DMAPI_CONFIG_PERS_EVENTS] = 1,
		[DMAPI_CONFIG_PERS_INHERIT_ATTRIBS] = 1,
		[DMAPI_CONFIG_PERS_MANAGED_REGIONS] = 1,
		[DMAPI_CONFIG_PUNCH_HOLE] = 1,
		[DMAPI_CONFIG_TOTAL_ATTRIBUTE_SPACE] = 0x7fffffff,
		[DMAPI_CONFIG_WILL_RETRY] = 1,
	};
	__u64 v;
	int i, j;

	for (i = 0; i < 4; i++) {
		for (j = 1; j <= DMAPI_CONFIG_LAST; j++) {
			v = 99;
			EXPECT_EQ(0, dmapi_get_config(&self->o[i], j, &v));
			EXPECT_EQ(want[j], v) {
				TH_LOG("option %d", j);
			}
		}
	}
}

TEST_F(config, events)
{
	__u64 set;
	__u32 n;
	int i;

	for (i = 0; i < 4; i++) {
		set = n = 0;
		EXPECT_EQ(0, dmapi_get_config_events(&self->o[i], 23, &set, &n));
		EXPECT_EQ(EVENTS, set);
		EXPECT_EQ(23, n);
	}
	n = 0;
	EXPECT_EQ(0, dmapi_get_config_events(self->o, ~0U, &set, &n));
	EXPECT_EQ(23, n);
	set = 99;
	n = 0;
	EXPECT_EQ(-E2BIG, dmapi_get_config_events(self->o, 22, &set, &n));
	EXPECT_EQ(23, n);
	n = 0;
	EXPECT_EQ(-E2BIG, dmapi_get_config_events(self->o, 0, NULL, &n));
	EXPECT_EQ(23, n);
	EXPECT_EQ(99, set);
	EXPECT_EQ(-EFAULT, dmapi_get_config_events(self->o, 23, NULL, &n));
	EXPECT_EQ(-EFAULT, dmapi_get_config_events(self->o, 23, DM_BAD_PTR, &n));
	EXPECT_EQ(-EFAULT, dmapi_get_config_events(self->o, 23, &set, NULL));
	EXPECT_EQ(-EFAULT, dmapi_get_config_events(self->o, 22, &set, NULL));
}

TEST_F(config, errors)
{
	struct dmapi_get_config a = {
		.obj = self->o[0], .flagname = 1, .pad = 1,
	};
	struct dmapi_get_config_events b = {
		.obj = self->o[0], .nelem = 23, .pad = 1,
	};
	struct dmapi_object bad[9];
	struct dm_handle stale = self->h[2], gone = self->h[0];
	static const int errs[9] = {
		EINVAL, EINVAL, EINVAL, EINVAL, EBADF, EFAULT, EBADF, EBADF, EBADF,
	};
	__u64 v = 99, set = 99;
	__s32 sid = 0;
	__u32 n = 98;
	int i;

	EXPECT_EQ(-EINVAL, dmapi_get_config(self->o, 0, &v));
	EXPECT_EQ(-EINVAL, dmapi_get_config(self->o, 20, &v));
	EXPECT_EQ(-EINVAL, dmapi_get_config(self->o, ~0U, &v));
	EXPECT_EQ(-EFAULT, dmapi_get_config(self->o, 1, NULL));
	EXPECT_EQ(-EFAULT, dmapi_get_config(self->o, 1, DM_BAD_PTR));
	a.retvalp = DM_PTR(&v);
	b.eventsetp = DM_PTR(&set);
	b.nelemp = DM_PTR(&n);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_CONFIG, a));
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_CONFIG_EVENTS, b));

	/* There is no session, whether it exists or not, and no token. */
	ASSERT_EQ(0, dmapi_create_session(0, "config_test", &sid));
	for (i = 0; i < 9; i++)
		bad[i] = self->o[2];
	bad[0].sid = sid;
	bad[1].sid = INT_MAX;
	bad[2].token = 0;
	bad[3].token = 1;
	bad[4] = dm_obj_global(DMAPI_NO_SESSION);
	bad[5].hanp = DM_PTR(DM_BAD_PTR);
	bad[6].hlen = 23;
	/* A file system that is not there, an object that is not there. */
	gone.b[0] ^= 0xff;
	stale.b[12] ^= 0xff;
	bad[7] = dm_obj(DMAPI_NO_SESSION, &gone);
	bad[8] = dm_obj(DMAPI_NO_SESSION, &stale);
	for (i = 0; i < 9; i++) {
		EXPECT_EQ(-errs[i], dmapi_get_config(&bad[i], 1, &v)) {
			TH_LOG("handle %d", i);
		}
		EXPECT_EQ(-errs[i], dmapi_get_config_events(&bad[i], 23, &set, &n)) {
			TH_LOG("handle %d", i);
		}
	}
	EXPECT_EQ(99, v);
	EXPECT_EQ(99, set);
	EXPECT_EQ(98, n);
	EXPECT_EQ(0, dmapi_destroy_session(sid));
}

TEST_HARNESS_MAIN
