// The instruction set this translation unit is compiled for.
//
// Every file of csrc/kernels is compiled once per instruction set with TIDEGATE_ISA naming the namespace it lives in.
// This header checks that the compiler flags and that name agree, and includes the one file that knows the intrinsics.
#pragma once

#include <stdint.h>
#include <string.h>

#ifndef TIDEGATE_ISA
#error "kernel files are compiled by CMakeLists.txt, which defines TIDEGATE_ISA"
#endif

#define TIDEGATE_INLINE static inline __attribute__((always_inline))
#define TIDEGATE_INLINE_MEMBER __attribute__((always_inline))
#define TIDEGATE_UNROLL _Pragma("GCC unroll 64")

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__AVX512F__)
#include "simd/isa_avx512.hpp"
#elif defined(__AVX2__) && defined(__FMA__)
#include "simd/isa_avx2.hpp"
#else
#include "simd/isa_sse2.hpp"
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>
#include "simd/isa_neon.hpp"
#else
#error "no vector instructions are written for this processor"
#endif
