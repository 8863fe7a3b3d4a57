// SPDX-License-Identifier: Apache-2.0
// libyaml.
#pragma once
#include <yaml.h>
