/**
 * A past period under other plans: what users and customers would have been charged and granted.
 */
@NullMarked
package dev.meterkite.model.whatif;

import org.jspecify.annotations.NullMarked;
