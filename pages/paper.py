"""Placeholder."""

import streamlit as st

st.html("<h1>paper</h1>")
