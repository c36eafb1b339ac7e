/** Credits: the functions that move them, over one operations class. */
@NullMarked
package dev.meterkite.functions.credits;

import org.jspecify.annotations.NullMarked;
