/** Functions as they run in the cloud, for tests. */
package dev.meterkite.functions.hosted;
