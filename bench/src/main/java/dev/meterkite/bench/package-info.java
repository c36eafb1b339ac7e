/**
 * How fast it is, and compared to what: a load generator without coordinated omission, baselines in
 * the same run, a stand-in for the pace of the real service, and the report.
 */
@NullMarked
package dev.meterkite.bench;

import org.jspecify.annotations.NullMarked;
