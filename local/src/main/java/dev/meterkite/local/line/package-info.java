/**
 * The command lines of the scripts: what they take, how they say it, and what is wrong with one.
 */
@NullMarked
package dev.meterkite.local.line;

import org.jspecify.annotations.NullMarked;
