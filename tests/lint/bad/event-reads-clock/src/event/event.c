long now(void)
{
	struct timespec ts;

	clock_gettime(0, &ts);
	return ts.tv_sec;
}
